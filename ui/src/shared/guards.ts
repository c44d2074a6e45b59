/** Tells whether a decoded value is an object with string keys (arrays are not). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tells whether a decoded value is a probability. */
export function isProbability(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/** Tells whether a decoded value is a list whose items all pass a check. */
export function isListOf<T>(value: unknown, check: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(check);
}

/** Tells whether a decoded value is a text. */
export function isText(value: unknown): value is string {
  return typeof value === "string";
}
