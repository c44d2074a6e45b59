import { type View, VIEWS } from "./useView";

const NAMES: Readonly<Record<View, string>> = {
  one: "One review",
  many: "Many reviews",
  history: "History",
};

/** The way between the views. */
export function Navigation({ view }: { readonly view: View }) {
  return (
    <nav aria-label="Views">
      <ul className="views">
        {VIEWS.map((one) => (
          <li key={one}>
            <a href={`#${one}`} aria-current={one === view ? "page" : undefined}>
              {NAMES[one]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
