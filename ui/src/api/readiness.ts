import { asFailure } from "./failure";
import { call } from "./http";

/** Whether a review sent now would be answered, and if not, which part is to blame. */
export type Readiness = "ready" | "model not ready" | "gateway unreachable";

/** Asks whether a review sent now would be answered. */
export async function fetchReadiness(signal: AbortSignal): Promise<Readiness> {
  try {
    await call("/readyz", { signal, timeLimit: 15_000 });
    return "ready";
  } catch (error) {
    return asFailure(error).status === 0 ? "gateway unreachable" : "model not ready";
  }
}
