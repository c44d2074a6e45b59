import { EXAMPLES } from "../examples";
import { excerpt } from "../shared/wording";

interface ExamplesProps {
  readonly onPick: (text: string) => void;
}

/** Reviews to try with one press each, with what a person would answer. */
export function Examples({ onPick }: ExamplesProps) {
  return (
    <section className="examples" aria-labelledby="examples-title">
      <h2 id="examples-title">Or try one of these</h2>
      <ul>
        {EXAMPLES.map(({ name, shows, expected, weakness, text }) => (
          <li key={name}>
            <button
              type="button"
              onClick={() => {
                onPick(text);
              }}
            >
              <span className="example-name">{name}</span>
              <span className="example-shows">{shows}</span>
              <span className="example-opening" aria-hidden="true">
                {excerpt(text, 110)}
              </span>
              <span className="example-expected">
                A person would say: <strong>{expected}</strong>
                {weakness && "; the model is known to miss it"}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
