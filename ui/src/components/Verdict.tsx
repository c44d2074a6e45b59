import type { Answer } from "../api/client";
import { describeConfidence, describeCut, formatPercent } from "../wording";
import { Credits } from "./Credits";
import { ProbabilityBars } from "./ProbabilityBars";

interface VerdictProps {
  readonly answer: Answer;
  /** True when the form no longer holds the review this verdict is about. */
  readonly edited: boolean;
}

/** The label, how sure the model is of it, and what it was made from. */
export function Verdict({ answer, edited }: VerdictProps) {
  const { label, confidence, probabilities, tokens, truncated } = answer.prediction;
  return (
    <div className="verdict">
      <p className={label.length > 12 ? "verdict-label long" : "verdict-label"}>{label}</p>
      <p className="verdict-confidence">
        {describeConfidence(confidence)}, {formatPercent(confidence)}
      </p>
      {edited && <p className="verdict-edited">The review has changed since this verdict.</p>}
      <ProbabilityBars probabilities={probabilities} chosen={label} />
      {truncated && (
        <p className="cut" role="note">
          {describeCut(tokens)}
        </p>
      )}
      <Credits answer={answer} />
    </div>
  );
}
