import { isProbability, isRecord } from "../shared/guards";
import type { components } from "./schema";

/** One scored review; `probabilities` has its keys in the checkpoint's order. */
export type Prediction = components["schemas"]["Prediction"];

/** Tells whether a decoded answer is a prediction, so that nothing else reaches the page. */
export function isPrediction(value: unknown): value is Prediction {
  if (!isRecord(value) || !isProbabilities(value.probabilities)) return false;
  return (
    typeof value.label === "string" &&
    Object.hasOwn(value.probabilities, value.label) &&
    isProbability(value.confidence) &&
    Number.isInteger(value.tokens) &&
    typeof value.truncated === "boolean" &&
    typeof value.certain === "boolean"
  );
}

function isProbabilities(value: unknown): value is Record<string, number> {
  return isRecord(value) && Object.values(value).every(isProbability);
}
