/** One scored review, as the gateway's HTTP contract describes it. */
export interface Prediction {
  readonly label: string;
  readonly confidence: number;
  /** Probability of every label, keys in the checkpoint's order. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** Tokens the model read, after any cut. */
  readonly tokens: number;
  readonly truncated: boolean;
}

/** Tells whether a decoded answer is a prediction, so that nothing else reaches the page. */
export function isPrediction(value: unknown): value is Prediction {
  if (!isRecord(value) || !isProbabilities(value.probabilities)) return false;
  return (
    typeof value.label === "string" &&
    Object.hasOwn(value.probabilities, value.label) &&
    isProbability(value.confidence) &&
    Number.isInteger(value.tokens) &&
    typeof value.truncated === "boolean"
  );
}

/** Tells whether a decoded value is an object with string keys (arrays are not). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isProbabilities(value: unknown): value is Record<string, number> {
  return isRecord(value) && Object.values(value).every(isProbability);
}

function isProbability(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}
