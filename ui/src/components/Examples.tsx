import { EXAMPLES } from "../examples";

interface ExamplesProps {
  readonly onPick: (text: string) => void;
  /** Brings back the reader's own review that an example replaced; null when there is none. */
  readonly onRestore: (() => void) | null;
}

/** Reviews to try with one press each. */
export function Examples({ onPick, onRestore }: ExamplesProps) {
  return (
    <section className="examples" aria-labelledby="examples-title">
      <div className="examples-head">
        <h2 id="examples-title">Or try one of these</h2>
        {onRestore && (
          <button type="button" onClick={onRestore}>
            Bring back my review
          </button>
        )}
      </div>
      <ul>
        {EXAMPLES.map(({ name, kind, text }) => (
          <li key={name}>
            <button
              type="button"
              onClick={() => {
                onPick(text);
              }}
            >
              <span className="example-name">{name}</span>
              <span className="example-kind">{kind}</span>
              <span className="example-opening" aria-hidden="true">
                {text.slice(0, 120)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
