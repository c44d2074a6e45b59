import { useState } from "react";

import type { Explanation } from "../api/explanation";
import type { Prediction } from "../api/prediction";
import { formatPercent } from "../shared/wording";
import { Icon } from "./Icon";
import { MarkedReview } from "./MarkedReview";
import { SentenceStrip } from "./SentenceStrip";
import { StrongestWords } from "./StrongestWords";
import { toneOf } from "./tone";

interface WhyProps {
  readonly review: string;
  readonly prediction: Prediction;
  readonly explanation: Explanation;
}

/** Why the verdict came out so: the course of the sentences and the review with its words marked. */
export function Why({ review, prediction, explanation }: WhyProps) {
  const [picked, setPicked] = useState<number | null>(null);
  const labels = Object.keys(prediction.probabilities);
  const shared = { review, explanation, label: prediction.label, labels };
  return (
    <section className="why" aria-labelledby="why-title">
      <h3 id="why-title">Why</h3>
      {explanation.explained.label !== prediction.label && (
        <OtherVerdict explained={explanation.explained} label={prediction.label} />
      )}
      {explanation.sentences.length > 1 && (
        <SentenceStrip
          sentences={explanation.sentences}
          labels={labels}
          picked={picked}
          onPick={setPicked}
        />
      )}
      <Legend labels={labels} label={prediction.label} />
      <MarkedReview {...shared} picked={picked} />
      <StrongestWords {...shared} />
    </section>
  );
}

interface OtherVerdictProps {
  readonly explained: Explanation["explained"];
  readonly label: string;
}

/** The engine rounds: in rare cases the network behind it would have said something else. */
function OtherVerdict({ explained, label }: OtherVerdictProps) {
  return (
    <p className="cut" role="note">
      A close call: the verdict comes from a faster, rounded copy of the network. The exact one,
      whose words are weighed here, would say {explained.label} instead of {label},{" "}
      {formatPercent(explained.confidence)}.
    </p>
  );
}

function Legend({ labels, label }: { readonly labels: readonly string[]; readonly label: string }) {
  const sides =
    labels.length === 2
      ? labels.map((side) => ({ words: `speaks for ${side}`, tone: toneOf(side, labels) }))
      : [
          { words: `speaks for ${label}`, tone: "plain" as const },
          { words: `speaks against ${label}`, tone: "against" as const },
        ];
  return (
    <p className="legend">
      {sides.map(({ words, tone }) => (
        <span key={words} className="legend-side">
          {tone !== "against" && <Icon shape={tone} size={14} />}
          <span className={`word tone-${tone} weight-2`}>{words}</span>
        </span>
      ))}
      <span className="soft">The stronger the mark, the more it weighed.</span>
    </p>
  );
}
