import { formatPercent } from "../shared/wording";
import { Icon } from "./Icon";
import { type Tone, toneOf } from "./tone";

interface ProbabilityBarsProps {
  readonly probabilities: Readonly<Record<string, number>>;
  readonly chosen: string;
}

/** One bar per label, in the checkpoint's order. */
export function ProbabilityBars({ probabilities, chosen }: ProbabilityBarsProps) {
  const labels = Object.keys(probabilities);
  return (
    <ul className="bars" aria-label="Probability of each label">
      {Object.entries(probabilities).map(([label, probability]) => (
        <li key={label} className={label === chosen ? "bar chosen" : "bar"}>
          <Icon shape={toneOf(label, labels)} size={16} />
          <span className="bar-label">{label}</span>
          <Bar probability={probability} tone={toneOf(label, labels)} />
          <span className="bar-percent">{formatPercent(probability)}</span>
        </li>
      ))}
    </ul>
  );
}

function Bar({ probability, tone }: { readonly probability: number; readonly tone: Tone }) {
  return (
    <svg className="bar-track" width="100%" height="8" aria-hidden="true" focusable="false">
      <rect className="bar-unfilled" width="100%" height="8" rx="4" />
      <rect
        className={`bar-filled tone-${tone}`}
        width={`${probability * 100}%`}
        height="8"
        rx="4"
      />
    </svg>
  );
}
