import { isRecord } from "../shared/guards";
import { RequestFailure, UNREADABLE } from "./failure";
import { call } from "./http";
import { isPrediction, type Prediction } from "./prediction";
import type { components } from "./schema";

/** What came for one review of many: its prediction, or why there is none. */
export type Outcome =
  | { readonly prediction: Prediction }
  | { readonly error: { readonly code: string; readonly message: string } };

/** Asks for several verdicts, in order; throws RequestFailure when none come. */
export async function predictMany(
  reviews: readonly string[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const json: components["schemas"]["Request"] = { reviews };
  const reply = await call("/predict", { method: "POST", json, signal });
  const predictions = isRecord(reply.body) ? reply.body.predictions : undefined;
  if (!Array.isArray(predictions) || predictions.length !== reviews.length) {
    throw new RequestFailure(reply.status, UNREADABLE, "");
  }
  return predictions.map((one: unknown) => readOutcome(one, reply.status));
}

function readOutcome(value: unknown, status: number): Outcome {
  if (isPrediction(value)) return { prediction: value };
  const error = isRecord(value) && isRecord(value.error) ? value.error : {};
  if (typeof error.code !== "string" || typeof error.message !== "string") {
    throw new RequestFailure(status, UNREADABLE, "");
  }
  return { error: { code: error.code, message: error.message } };
}
