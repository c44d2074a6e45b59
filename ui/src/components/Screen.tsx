import type { Ref } from "react";

import type { PredictionState } from "../usePrediction";
import { describeConfidence, describeCut, formatPercent } from "../wording";
import { FilmLeader } from "./FilmLeader";
import { Verdict } from "./Verdict";

interface ScreenProps {
  readonly ref: Ref<HTMLElement>;
  readonly state: PredictionState;
  /** The review as it stands in the form, which may have moved on since it was sent. */
  readonly review: string;
}

/** The dark screen the verdict is shown on, and the live region that speaks it. */
export function Screen({ ref, state, review }: ScreenProps) {
  return (
    <section ref={ref} className="screen" data-status={state.status} aria-labelledby="screen-title">
      <h2 id="screen-title">Verdict</h2>
      <p role="status" className="visually-hidden">
        {announce(state)}
      </p>
      {state.status === "resolved" ? (
        <Verdict answer={state.answer} edited={state.review !== review} />
      ) : (
        <>
          <FilmLeader />
          <p className="screen-note">{describeWaiting(state)}</p>
        </>
      )}
    </section>
  );
}

function describeWaiting({ status }: PredictionState): string {
  if (status === "pending") return "Reading…";
  return status === "rejected" ? "No verdict this time." : "It will be shown here.";
}

function announce(state: PredictionState): string {
  if (state.status === "pending") return "Reading the review.";
  if (state.status !== "resolved") return "";
  const { label, confidence, truncated, tokens } = state.answer.prediction;
  const verdict = `Verdict: ${label}. ${describeConfidence(confidence)}, ${formatPercent(confidence)}.`;
  return truncated ? `${verdict} ${describeCut(tokens)}` : verdict;
}
