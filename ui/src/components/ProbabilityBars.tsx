import { formatPercent } from "../wording";

interface ProbabilityBarsProps {
  readonly probabilities: Readonly<Record<string, number>>;
  readonly chosen: string;
}

/** One bar per label, in the checkpoint's order; only the chosen one is lit, whatever it means. */
export function ProbabilityBars({ probabilities, chosen }: ProbabilityBarsProps) {
  return (
    <ul className="bars" aria-label="Probability of each label">
      {Object.entries(probabilities).map(([label, probability]) => (
        <li key={label} className={label === chosen ? "bar chosen" : "bar"}>
          <span className="bar-label">{label}</span>
          <span className="bar-percent">{formatPercent(probability)}</span>
          <Bar probability={probability} />
        </li>
      ))}
    </ul>
  );
}

function Bar({ probability }: { readonly probability: number }) {
  // Widths are SVG attributes: the page's policy refuses style attributes.
  return (
    <svg className="bar-track" width="100%" height="8" aria-hidden="true" focusable="false">
      <rect className="bar-unfilled" width="100%" height="8" />
      <rect className="bar-filled" width={`${probability * 100}%`} height="8" />
    </svg>
  );
}
