import {
  failureFromAnswer,
  PredictionFailure,
  TIMED_OUT,
  UNREACHABLE,
  UNREADABLE,
} from "./failure";
import { isPrediction, type Prediction } from "./prediction";
import { parseServerTiming, type Stage } from "./serverTiming";

/** A prediction with the time it took, as seen from here and as told by the servers. */
export interface Answer {
  readonly prediction: Prediction;
  readonly roundTripMilliseconds: number;
  readonly stages: readonly Stage[];
}

// Longer than the gateway's own limits, so that its explanation arrives before this one is needed.
const TIME_LIMIT_MS = 90_000;

/** Asks the gateway for one review's verdict; throws PredictionFailure when none comes. */
export async function predict(
  review: string,
  signal: AbortSignal,
  timeLimit: number = TIME_LIMIT_MS,
): Promise<Answer> {
  const started = performance.now();
  const limit = AbortSignal.timeout(timeLimit);
  try {
    const answer = await post(review, AbortSignal.any([signal, limit]));
    const body = decode(await answer.text());
    const roundTripMilliseconds = performance.now() - started;
    if (!answer.ok) throw failureFromAnswer(answer, body);
    if (!isPrediction(body)) throw new PredictionFailure(answer.status, UNREADABLE, "");
    const stages = parseServerTiming(answer.headers.get("Server-Timing"));
    return { prediction: body, roundTripMilliseconds, stages };
  } catch (error) {
    if (error instanceof PredictionFailure) throw error;
    throw new PredictionFailure(0, limit.aborted ? TIMED_OUT : UNREACHABLE, "");
  }
}

function post(review: string, signal: AbortSignal): Promise<Response> {
  return fetch("/predict", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ review }),
    signal,
  });
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: the status decides what the reader is told.
  }
}
