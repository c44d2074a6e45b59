import { useCallback, useEffect, useRef, useState } from "react";

import type { Model } from "../api/model";
import { FeedbackForm } from "../feedback/FeedbackForm";
import { Examples } from "./Examples";
import { EMPTY, explainFailure, findProblem, type Problem, TOO_LONG } from "./problem";
import { ProblemNotice } from "./ProblemNotice";
import { ResultPanel } from "./ResultPanel";
import { PROBLEM_ID, ReviewForm } from "./ReviewForm";
import type { Draft } from "./useDraft";
import type { Judgement, JudgementControl } from "./useJudgement";

interface OneReviewProps {
  readonly model: Model;
  readonly draft: Draft;
  readonly judgement: JudgementControl;
  readonly onFailure: () => void;
}

/** One review: the box to write it in, reviews to try, and the verdict with its reasons. */
export function OneReview({ model, draft, judgement, onFailure }: OneReviewProps) {
  const { state, submit, cancel } = judgement;
  const [sentEmpty, setSentEmpty] = useState(false);
  const reviewRef = useRef<HTMLTextAreaElement>(null);
  const sendRef = useRef<HTMLButtonElement>(null);
  const panelRef = useRef<HTMLElement>(null);
  const review = draft.text;
  const problem = currentProblem(review, sentEmpty, state);

  useEffect(() => {
    const { status } = state;
    // A panel that already holds the eye stays; on a narrow screen it would be out of view.
    if (status === "pending" || status === "resolved") showPanel(panelRef.current);
    if (status === "rejected") {
      reviewRef.current?.scrollIntoView({ block: "nearest" });
      onFailure();
    }
  }, [state, onFailure]);

  const edit = (text: string) => {
    draft.edit(text);
    setSentEmpty(false);
  };
  const send = useCallback(
    (text: string) => {
      const found = findProblem(text);
      setSentEmpty(found === EMPTY);
      if (found !== null) reviewRef.current?.focus();
      else if (state.status !== "pending" || state.review !== text) submit(text);
    },
    [state, submit],
  );
  const retry = () => {
    sendRef.current?.focus(); // The button that was pressed goes away with the problem.
    send(review);
  };
  const pick = (text: string) => {
    draft.replace(text);
    setSentEmpty(false);
    submit(text);
  };
  const clear = () => {
    draft.replace("");
    setSentEmpty(false);
    reviewRef.current?.focus();
  };
  const restore = () => {
    draft.restore?.();
    setSentEmpty(false);
    reviewRef.current?.focus();
  };

  return (
    <div className="desk">
      <ReviewForm
        reviewRef={reviewRef}
        sendRef={sendRef}
        review={review}
        model={model}
        pending={state.status === "pending"}
        invalid={problem?.inReview ?? false}
        onEdit={edit}
        onSend={() => {
          send(review);
        }}
        onClear={clear}
        onRestore={draft.restore === null ? null : restore}
        notice={problem && <ProblemNotice id={PROBLEM_ID} problem={problem} onRetry={retry} />}
      />
      <ResultPanel
        ref={panelRef}
        state={state}
        review={review}
        model={model}
        onCancel={() => {
          cancel();
          sendRef.current?.focus();
        }}
        onRetry={retry}
        actions={
          state.status === "resolved" &&
          model.feedback !== null && (
            <FeedbackForm
              key={state.review}
              review={state.review}
              answer={state.answer}
              model={model}
            />
          )
        }
      />
      <Examples onPick={pick} />
    </div>
  );
}

function showPanel(panel: HTMLElement | null): void {
  if (panel === null) return;
  const { top, bottom } = panel.getBoundingClientRect();
  const inView = top >= 0 && Math.min(bottom, top + 320) <= window.innerHeight;
  if (!inView) panel.scrollIntoView({ block: "start" });
}

function currentProblem(review: string, sentEmpty: boolean, state: Judgement): Problem | null {
  if (sentEmpty) return EMPTY;
  if (findProblem(review) === TOO_LONG) return TOO_LONG;
  return state.status === "rejected" ? explainFailure(state.failure) : null;
}
