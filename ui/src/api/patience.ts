import { asFailure, type RequestFailure, UNREACHABLE } from "./failure";
import { type Answer, judge, type Offer } from "./judge";

/** How long the page asks again by itself: long enough for servers that died to start again. */
export const PATIENCE_MS = 120_000;
const PAUSE_UNTOLD_MS = 2_000;

/**
 * Asks for a verdict until there is one, as long as what stands in the way will pass by itself;
 * each failure on the way is told. Throws RequestFailure when another try would not help, or the
 * page's patience is at its end.
 */
export async function judgePatiently(
  review: string,
  signal: AbortSignal,
  offer: Offer,
  onTrouble: (failure: RequestFailure) => void,
): Promise<Answer> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await judge(review, signal, offer);
    } catch (error) {
      const failure = asFailure(error);
      const pause = pauseAfter(failure);
      if (signal.aborted || pause === null || performance.now() + pause > end) throw failure;
      onTrouble(failure);
      if (await wait(pause, signal)) throw failure;
    }
  }
}

/** Returns the milliseconds after which to ask again; null where the reader has to decide. */
function pauseAfter({ status, code, retryAfterSeconds }: RequestFailure): number | null {
  if (code === UNREACHABLE) return navigator.onLine ? PAUSE_UNTOLD_MS : null;
  const passes = status === 502 || status === 503;
  return passes && retryAfterSeconds !== null ? Math.max(1, retryAfterSeconds) * 1000 : null;
}

/** Waits for a time, or until the signal aborts; tells whether it has. */
function wait(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve(signal.aborted);
    }
    signal.addEventListener("abort", done);
  });
}
