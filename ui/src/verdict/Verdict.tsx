import type { ReactNode } from "react";

import type { Answer } from "../api/judge";
import type { Model } from "../api/model";
import { expectedOf, MIXED } from "../examples";
import { CopyButton } from "../shared/CopyButton";
import { formatCount } from "../shared/wording";
import { curlCommand } from "./curl";
import { Details } from "./Details";
import { Icon } from "./Icon";
import { ProbabilityBars } from "./ProbabilityBars";
import { headlineOf, stanceOf } from "./stance";
import { toneOf } from "./tone";
import { Why } from "./Why";

interface VerdictProps {
  readonly review: string;
  readonly answer: Answer;
  readonly model: Model;
  /** True when the form no longer holds the review this verdict is about. */
  readonly edited: boolean;
  readonly onRetry: () => void;
  /** What can be done with the verdict besides reading it. */
  readonly actions?: ReactNode;
}

/** The verdict in words, how sure the model is, and why. */
export function Verdict({ review, answer, model, edited, onRetry, actions }: VerdictProps) {
  const { prediction, explanation } = answer;
  return (
    <div className="verdict">
      <Headline answer={answer} model={model} />
      {edited && (
        <p className="verdict-edited">The review in the box has changed since this verdict.</p>
      )}
      <Expectation review={review} answer={answer} />
      <ProbabilityBars probabilities={prediction.probabilities} chosen={prediction.label} />
      {prediction.truncated && <Cut tokens={prediction.tokens} />}
      {explanation !== null && (
        <Why key={review} review={review} prediction={prediction} explanation={explanation} />
      )}
      {answer.explanationFailed && <WithoutReasons onRetry={onRetry} />}
      <div className="verdict-actions">
        <CopyButton textOf={() => curlCommand(window.location.origin, review)}>
          Copy as curl
        </CopyButton>
        {actions}
      </div>
      <Details answer={answer} model={model} />
    </div>
  );
}

function Headline({ answer, model }: Pick<VerdictProps, "answer" | "model">) {
  const { stance, word, confidence, meaning } = headlineOf(answer, model);
  const { label, probabilities } = answer.prediction;
  const shape = stance === "clear" ? toneOf(label, Object.keys(probabilities)) : stance;
  const length = word.length > 14 ? " long" : "";
  return (
    <>
      <p className={`verdict-label tone-${shape}${length}`} data-label={label}>
        <Icon shape={shape} size={40} />
        <span className="verdict-word">{word}</span>
      </p>
      <p className="verdict-confidence">{confidence}</p>
      <p className="verdict-meaning">{meaning}</p>
    </>
  );
}

/** Beside an example: what a person would have said, and that the model is known to miss it. */
function Expectation({ review, answer }: Pick<VerdictProps, "review" | "answer">) {
  const { label, probabilities } = answer.prediction;
  const expected = expectedOf(review, Object.keys(probabilities));
  if (expected === null) return null;
  const agrees = expected === label || (expected === MIXED && stanceOf(answer) === "mixed");
  return agrees ? (
    <p className="soft">A person would say: {expected}, too.</p>
  ) : (
    <p className="cut" role="note">
      A person would say: {expected}. Texts like this one are a known weakness of the model.
    </p>
  );
}

function Cut({ tokens }: { readonly tokens: number }) {
  return (
    <p className="cut" role="note">
      This review is longer than the model can take in. It read {formatCount(tokens)} tokens of it
      and left the rest out, so the verdict covers only that part.
    </p>
  );
}

function WithoutReasons({ onRetry }: { readonly onRetry: () => void }) {
  return (
    <p className="cut" role="note">
      The verdict is in, but its words could not be weighed this time.{" "}
      <button type="button" className="quiet" onClick={onRetry}>
        Ask again
      </button>
    </p>
  );
}
