/** Longest review the gateway takes, in characters as it counts them (code points). */
export const CHARACTER_LIMIT = 50_000;

const wholeNumber = new Intl.NumberFormat("en");

/** Counts code points as the gateway does: an emoji outside the basic plane is one, not two. */
export function countCharacters(text: string): number {
  const pairs = text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g);
  return text.length - (pairs?.length ?? 0);
}

/** Writes a count with thousands separators. */
export function formatCount(count: number): string {
  return wholeNumber.format(count);
}

/** Writes a probability as a percentage that never rounds to a certainty it is not. */
export function formatPercent(probability: number): string {
  if (probability > 0.999 && probability < 1) return ">99.9%";
  if (probability < 0.001 && probability > 0) return "<0.1%";
  return `${(probability * 100).toFixed(1)}%`;
}

/** Writes a duration to three figures at most. */
export function formatMilliseconds(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** Puts a calibrated confidence into words. */
export function describeConfidence(confidence: number): string {
  if (confidence >= 0.99) return "Almost certain";
  if (confidence >= 0.9) return "Very sure";
  if (confidence >= 0.75) return "Fairly sure";
  if (confidence >= 0.6) return "Leaning this way";
  return "Not sure";
}

/** Says how much of a cut review was read, without claiming which part. */
export function describeCut(tokens: number): string {
  return (
    `This review is longer than the model can take in. It read ${formatCount(tokens)} tokens ` +
    "of it and left the rest out, so the verdict covers only that part."
  );
}
