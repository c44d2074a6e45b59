import { isListOf, isProbability, isRecord } from "../shared/guards";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** A word's contribution to the verdict: above 0 for the verdict's label, below 0 against it. */
export type Word = Schemas["Word"];

/** A sentence with a verdict of its own; offsets count Unicode code points of the text as sent. */
export type Sentence = Schemas["Sentence"];

/** Why a verdict came out as it did. */
export type Explanation = Pick<
  Schemas["Explanation"],
  "words" | "sentences" | "mixed" | "read" | "method" | "explained"
>;

/** Takes the explanation out of a decoded answer, or null where it does not hold one. */
export function readExplanation(body: unknown): Explanation | null {
  if (!isRecord(body)) return null;
  const { words, sentences, mixed, read, method, explained } = body;
  if (!isListOf(words, isWord) || !isListOf(sentences, isSentence)) return null;
  if (!isListOf(read, isRange) || typeof mixed !== "boolean") return null;
  if (typeof method !== "string" || !isExplained(explained)) return null;
  return { words, sentences, mixed, read, method, explained };
}

function isExplained(value: unknown): value is Explanation["explained"] {
  return (
    isRecord(value) &&
    typeof value.network === "string" &&
    typeof value.label === "string" &&
    isProbability(value.confidence)
  );
}

function isWord(value: unknown): value is Word {
  return isRecord(value) && isRange([value.start, value.end]) && isFinite(value.contribution);
}

function isSentence(value: unknown): value is Sentence {
  return (
    isRecord(value) &&
    typeof value.label === "string" &&
    isProbability(value.confidence) &&
    isWord(value)
  );
}

function isRange(value: unknown): value is [number, number] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [start, end] = value as unknown[];
  return (
    Number.isInteger(start) &&
    Number.isInteger(end) &&
    0 <= Number(start) &&
    Number(start) <= Number(end)
  );
}

function isFinite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
