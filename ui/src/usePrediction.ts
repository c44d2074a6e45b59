import { useCallback, useEffect, useRef, useState } from "react";

import { type Answer, predict } from "./api/client";
import { PredictionFailure, UNREACHABLE } from "./api/failure";

export type PredictionState =
  | { readonly status: "idle" }
  | { readonly status: "pending"; readonly review: string }
  | { readonly status: "resolved"; readonly review: string; readonly answer: Answer }
  | {
      readonly status: "rejected";
      readonly review: string;
      readonly failure: PredictionFailure;
    };

interface PredictionControl {
  readonly state: PredictionState;
  readonly submit: (review: string) => void;
}

/** Holds the one request that matters: a newer review aborts the older and its late answer. */
export function usePrediction(): PredictionControl {
  const [state, setState] = useState<PredictionState>({ status: "idle" });
  const current = useRef<AbortController | null>(null);

  const submit = useCallback((review: string) => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    const settle = (next: PredictionState) => {
      if (!controller.signal.aborted) setState(next);
    };
    setState({ status: "pending", review });
    predict(review, controller.signal).then(
      (answer) => {
        settle({ status: "resolved", review, answer });
      },
      (error: unknown) => {
        settle({ status: "rejected", review, failure: asFailure(error) });
      },
    );
  }, []);

  useEffect(() => () => current.current?.abort(), []);
  return { state, submit };
}

function asFailure(error: unknown): PredictionFailure {
  return error instanceof PredictionFailure ? error : new PredictionFailure(0, UNREACHABLE, "");
}
