import type { ReactNode, Ref } from "react";

import type { Model } from "../api/model";
import { headlineOf, speak } from "../verdict/stance";
import { Verdict } from "../verdict/Verdict";
import { Invitation } from "./Invitation";
import type { Judgement } from "./useJudgement";
import { Waiting } from "./Waiting";

interface ResultPanelProps {
  readonly ref: Ref<HTMLElement>;
  readonly state: Judgement;
  /** The review as it stands in the form, which may have moved on since it was sent. */
  readonly review: string;
  readonly model: Model;
  readonly onCancel: () => void;
  readonly onRetry: () => void;
  readonly actions: ReactNode;
}

/** Where the verdict is shown, and the live region that speaks it. */
export function ResultPanel(props: ResultPanelProps) {
  const { ref, state, model } = props;
  return (
    <section ref={ref} className="panel" data-status={state.status} aria-labelledby="panel-title">
      <h2 id="panel-title">Verdict</h2>
      <p role="status" className="visually-hidden" data-testid="spoken">
        {announce(state, model)}
      </p>
      <PanelBody {...props} />
    </section>
  );
}

function PanelBody({ state, review, model, onCancel, onRetry, actions }: ResultPanelProps) {
  switch (state.status) {
    case "idle":
      return <Invitation model={model} />;
    case "pending":
      return (
        <Waiting
          key={state.review}
          review={state.review}
          trouble={state.trouble ?? null}
          onCancel={onCancel}
        />
      );
    case "cancelled":
      return <p className="soft">Cancelled. Your review is still in the box, and was not kept.</p>;
    case "rejected":
      return (
        <p className="soft">No verdict this time; what went wrong stands below your review.</p>
      );
    case "resolved":
      return (
        <Verdict
          review={state.review}
          answer={state.answer}
          model={model}
          edited={state.review !== review}
          onRetry={onRetry}
          actions={actions}
        />
      );
  }
}

function announce(state: Judgement, model: Model): string {
  if (state.status === "pending") return "Reading the review.";
  if (state.status === "cancelled") return "Cancelled.";
  if (state.status !== "resolved") return "";
  const { truncated, tokens } = state.answer.prediction;
  const verdict = speak(headlineOf(state.answer, model));
  return truncated ? `${verdict} Only a part of the review was read: ${tokens} tokens.` : verdict;
}
