import { type Explanation, readExplanation } from "./explanation";
import { RequestFailure, UNREADABLE } from "./failure";
import { call, type Reply } from "./http";
import { isPrediction, type Prediction } from "./prediction";
import type { components } from "./schema";
import { parseServerTiming, type Stage } from "./serverTiming";

/** A verdict, why it came out so, and the time it took, seen from here and told by the servers. */
export interface Answer {
  readonly prediction: Prediction;
  /** Null where the service gives none, or could not give it this time. */
  readonly explanation: Explanation | null;
  /** True where an explanation could be had but failed this time. */
  readonly explanationFailed: boolean;
  /** The version of the model that answered. */
  readonly version: string | null;
  readonly roundTripMilliseconds: number;
  readonly stages: readonly Stage[];
}

/** What this service turned out to offer; learned from its answers. */
export interface Offer {
  explains: boolean;
}

const NOT_OFFERED = new Set([404, 405, 501]);
// The verdict alone is cheaper than its explanation and may still be had.
const VERDICT_MAY_STILL_COME = new Set([429, 500, 502, 504]);

/**
 * Asks for one review's verdict and explanation in one request, or for the verdict alone where the
 * service does not explain or cannot just now; throws RequestFailure when no verdict comes.
 */
export async function judge(review: string, signal: AbortSignal, offer: Offer): Promise<Answer> {
  if (!offer.explains) return askFor("/predict", review, signal);
  try {
    return await askFor("/explain", review, signal);
  } catch (error) {
    const status = error instanceof RequestFailure ? error.status : 0;
    if (NOT_OFFERED.has(status)) offer.explains = false;
    else if (!VERDICT_MAY_STILL_COME.has(status)) throw error;
    const answer = await askFor("/predict", review, signal);
    return { ...answer, explanationFailed: offer.explains };
  }
}

async function askFor(path: string, review: string, signal: AbortSignal): Promise<Answer> {
  const json: components["schemas"]["ExplainRequest"] = { review };
  const reply = await call(path, { method: "POST", json, signal });
  if (!isPrediction(reply.body)) throw new RequestFailure(reply.status, UNREADABLE, "");
  const explanation = path === "/explain" ? readExplanation(reply.body) : null;
  return {
    prediction: reply.body,
    explanation,
    explanationFailed: path === "/explain" && explanation === null,
    ...measured(reply),
  };
}

function measured({ headers, milliseconds }: Reply) {
  return {
    version: headers.get("X-Model-Version"),
    roundTripMilliseconds: milliseconds,
    stages: parseServerTiming(headers.get("Server-Timing")),
  };
}
