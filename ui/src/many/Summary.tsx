import { formatCount, formatPercent } from "../shared/wording";
import { Icon } from "../verdict/Icon";
import { toneOf } from "../verdict/tone";
import type { Tally } from "./view";

/** How many got which label, as counts and as two charts. */
export function Summary({ tally }: { readonly tally: Tally }) {
  const { labels, byLabel, unsure, failed } = tally;
  const scored = labels.reduce((sum, label) => sum + (byLabel[label] ?? 0), 0);
  if (scored + failed === 0) return null;
  return (
    <div className="summary">
      <ul className="bars" aria-label="Reviews by verdict">
        {labels.map((label) => (
          <CountBar
            key={label}
            name={label}
            tone={toneOf(label, labels)}
            count={byLabel[label] ?? 0}
            of={scored}
          />
        ))}
        {unsure > 0 && (
          <CountBar name="of these not sure" tone="unsure" count={unsure} of={scored} />
        )}
        {failed > 0 && (
          <CountBar name="without a verdict" tone="plain" count={failed} of={scored + failed} />
        )}
      </ul>
      {labels.length === 2 && scored > 0 && <Histogram tally={tally} />}
    </div>
  );
}

interface CountBarProps {
  readonly name: string;
  readonly tone: "low" | "high" | "plain" | "unsure";
  readonly count: number;
  readonly of: number;
}

function CountBar({ name, tone, count, of }: CountBarProps) {
  const share = of === 0 ? 0 : count / of;
  return (
    <li className="bar counted">
      <Icon shape={tone} size={16} />
      <span className="bar-label">{name}</span>
      <svg className="bar-track" width="100%" height="10" aria-hidden="true" focusable="false">
        <rect className="bar-unfilled" width="100%" height="10" rx="4" />
        <rect className={`bar-filled tone-${tone}`} width={`${share * 100}%`} height="10" rx="4" />
      </svg>
      <span className="bar-percent">
        {formatCount(count)} <span className="soft">({formatPercent(share)})</span>
      </span>
    </li>
  );
}

const WIDTH = 30;
const HEIGHT = 70;

/** How sure the verdicts are: from surely the first label, over doubt, to surely the last. */
function Histogram({ tally: { labels, histogram } }: { readonly tally: Tally }) {
  const most = Math.max(...histogram, 1);
  const [low = "", high = ""] = labels;
  const spoken = histogram.map((count, step) => `${step * 10} to ${step * 10 + 10}%: ${count}`);
  return (
    <figure className="histogram">
      <svg
        viewBox={`0 0 ${WIDTH * 10} ${HEIGHT + 2}`}
        role="img"
        aria-label={`Reviews by the probability of ${high}. ${spoken.join(", ")}.`}
      >
        {histogram.map((count, step) => (
          <rect
            key={step}
            className={`bar-filled tone-${step < 5 ? "low" : "high"}`}
            x={step * WIDTH + 2}
            width={WIDTH - 4}
            y={HEIGHT - (count / most) * HEIGHT}
            height={(count / most) * HEIGHT}
          />
        ))}
        <rect className="beat-axis" x="0" y={HEIGHT} width={WIDTH * 10} height="1" />
      </svg>
      <figcaption>
        <span>surely {low}</span>
        <span>could be either</span>
        <span>surely {high}</span>
      </figcaption>
    </figure>
  );
}
