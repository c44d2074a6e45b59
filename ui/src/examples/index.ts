import examples from "./examples.json";

/** A review to try, written for this page. */
export interface Example {
  readonly name: string;
  /** What it is meant to show. */
  readonly shows: string;
  /** What a person would answer: a label, or "mixed". */
  readonly expected: string;
  /** Whether the shipped model is known to answer otherwise; a test asks it. */
  readonly weakness: boolean;
  readonly text: string;
}

export const EXAMPLES: readonly Example[] = examples;

/** What a person would answer where that can be compared with a verdict among these labels. */
export function expectedOf(text: string, labels: readonly string[]): string | null {
  const expected = EXAMPLES.find((example) => example.text === text)?.expected;
  if (expected === undefined) return null;
  return expected === MIXED || labels.includes(expected) ? expected : null;
}

export const MIXED = "mixed";
