import { useCallback, useEffect, useRef, useState } from "react";

import { asFailure, type RequestFailure } from "../api/failure";
import type { Answer, Offer } from "../api/judge";
import { judgePatiently } from "../api/patience";

export type Judgement =
  | { readonly status: "idle" }
  | { readonly status: "cancelled"; readonly review: string }
  | {
      readonly status: "pending";
      readonly review: string;
      /** What stood in the way a moment ago; the page asks again by itself. */
      readonly trouble?: RequestFailure;
    }
  | { readonly status: "resolved"; readonly review: string; readonly answer: Answer }
  | { readonly status: "rejected"; readonly review: string; readonly failure: RequestFailure };

/** The state of a verdict, and what can be done about it. */
export interface JudgementControl {
  readonly state: Judgement;
  readonly submit: (review: string) => void;
  readonly cancel: () => void;
}

/** Holds the one request that matters: a newer review aborts the older and its late answer. */
export function useJudgement(onAnswer: (review: string, answer: Answer) => void): JudgementControl {
  const [state, setState] = useState<Judgement>({ status: "idle" });
  const current = useRef<AbortController | null>(null);
  const offer = useRef<Offer>({ explains: true });

  const submit = useCallback(
    (review: string) => {
      current.current?.abort();
      const controller = new AbortController();
      current.current = controller;
      setState({ status: "pending", review });
      const tell = (trouble: RequestFailure) => {
        if (!controller.signal.aborted) setState({ status: "pending", review, trouble });
      };
      judgePatiently(review, controller.signal, offer.current, tell).then(
        (answer) => {
          if (controller.signal.aborted) return;
          setState({ status: "resolved", review, answer });
          onAnswer(review, answer);
        },
        (error: unknown) => {
          if (controller.signal.aborted) return;
          setState({ status: "rejected", review, failure: asFailure(error) });
        },
      );
    },
    [onAnswer],
  );

  const cancel = useCallback(() => {
    current.current?.abort();
    setState((before) =>
      before.status === "pending" ? { status: "cancelled", review: before.review } : before,
    );
  }, []);

  useEffect(() => () => current.current?.abort(), []);
  return { state, submit, cancel };
}
