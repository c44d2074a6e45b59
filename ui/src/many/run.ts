import { asFailure, type RequestFailure } from "../api/failure";
import type { Outcome } from "../api/predictMany";
import { nextPiece } from "./pieces";

/** How far a run is. */
export type Phase = "running" | "waiting" | "paused" | "cancelled" | "done";

/** What a run tells whenever something changes. */
export interface Progress {
  readonly phase: Phase;
  /** Seconds that the service asked to wait; 0 unless waiting. */
  readonly waitSeconds: number;
  /** Why a paused run stopped. */
  readonly failure: RequestFailure | null;
}

/** The parts of a run that tests replace. */
export interface RunOptions {
  readonly send: (reviews: readonly string[], signal: AbortSignal) => Promise<Outcome[]>;
  readonly onOutcomes: (places: readonly number[], outcomes: readonly Outcome[]) => void;
  readonly onProgress: (progress: Progress) => void;
  readonly wait?: (seconds: number, signal: AbortSignal) => Promise<void>;
}

const WAITS_IN_A_ROW = 10;
const SHOULD_WAIT = new Set([429, 503]);
const FAULT_OF_A_REVIEW = new Set([400, 413]);

/**
 * Sends the reviews at `places` piece by piece until all have an outcome, the reader cancels, or
 * a request fails; a service that asks to wait is waited for. What has no outcome then can be
 * given to another run.
 */
export async function run(
  places: readonly number[],
  textOf: (place: number) => string,
  options: RunOptions,
  signal: AbortSignal,
): Promise<void> {
  const { onProgress, wait = waitFor } = options;
  const tell = (phase: Phase, waitSeconds = 0, failure: RequestFailure | null = null) => {
    onProgress({ phase, waitSeconds, failure });
  };
  let left = places;
  let waits = 0;
  tell("running");
  while (left.length > 0 && !isAborted(signal)) {
    const piece = nextPiece(left, textOf);
    try {
      await sendPiece(piece, textOf, options, signal);
      left = left.slice(piece.length);
      waits = 0;
    } catch (error) {
      if (isAborted(signal)) break;
      const failure = asFailure(error);
      waits += 1;
      if (!SHOULD_WAIT.has(failure.status) || waits > WAITS_IN_A_ROW) {
        tell("paused", 0, failure);
        return;
      }
      const seconds = Math.max(1, failure.retryAfterSeconds ?? waits);
      tell("waiting", seconds);
      await wait(seconds, signal);
      if (isAborted(signal)) break;
      tell("running");
    }
  }
  tell(isAborted(signal) ? "cancelled" : "done");
}

// Asked anew after every wait: the type checker takes the first answer for the last.
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Sends one piece; where one review spoils the request for all, finds it by halving. */
async function sendPiece(
  places: readonly number[],
  textOf: (place: number) => string,
  options: RunOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    options.onOutcomes(places, await options.send(places.map(textOf), signal));
  } catch (error) {
    const failure = asFailure(error);
    if (!FAULT_OF_A_REVIEW.has(failure.status)) throw error;
    if (places.length === 1) {
      options.onOutcomes(places, [{ error: { code: failure.code, message: failure.message } }]);
      return;
    }
    const middle = Math.ceil(places.length / 2);
    await sendPiece(places.slice(0, middle), textOf, options, signal);
    await sendPiece(places.slice(middle), textOf, options, signal);
  }
}

function waitFor(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
