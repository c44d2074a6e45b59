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

/** Writes a count with its noun: "1 review", "2 reviews". */
export function formatCounted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
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

/** Joins words as prose does: "a", "a or b", "a, b or c". */
export function joinWords(words: readonly string[], conjunction: "and" | "or"): string {
  const last = words.at(-1) ?? "";
  if (words.length < 2) return last;
  return `${words.slice(0, -1).join(", ")} ${conjunction} ${last}`;
}

/** Makes the first letter a capital. */
export function capitalize(text: string): string {
  const first = text.codePointAt(0);
  if (first === undefined) return text;
  const letter = String.fromCodePoint(first);
  return letter.toUpperCase() + text.slice(letter.length);
}

/** Cuts a text for a line that only hints at it. */
export function excerpt(text: string, length: number): string {
  const line = text
    .slice(0, length * 2)
    .replace(/\s+/g, " ")
    .trim();
  return line.length <= length ? line : `${line.slice(0, length).trimEnd()}…`;
}
