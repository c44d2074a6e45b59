import type { Answer } from "../api/judge";
import { isPrediction, type Prediction } from "../api/prediction";
import { isRecord } from "../shared/guards";
import { readStored, writeStored } from "../shared/storage";

/** A verdict given before, as this browser keeps it. */
export interface Entry {
  readonly id: string;
  /** When it was given, in milliseconds since 1970. */
  readonly at: number;
  readonly review: string;
  readonly prediction: Prediction;
  readonly mixed: boolean;
  readonly version: string | null;
}

const KEY = "review-verdict.history";
const OFF_KEY = "review-verdict.history-off";
const MAX_ENTRIES = 50;
const MAX_CHARACTERS = 1_000_000; // browsers keep some five million for a page

/** Makes an entry of an answer. */
export function entryOf(review: string, answer: Answer): Entry {
  return {
    id: `${Date.now()}-${Math.random().toString(36).slice(2, 8)}`,
    at: Date.now(),
    review,
    prediction: answer.prediction,
    mixed: answer.explanation?.mixed ?? false,
    version: answer.version,
  };
}

/** Puts an entry in front; the same review asked again takes its old entry's place. */
export function withEntry(entries: readonly Entry[], entry: Entry): Entry[] {
  let characters = 0;
  return [entry, ...entries.filter(({ review }) => review !== entry.review)]
    .slice(0, MAX_ENTRIES)
    .filter(({ review }) => (characters += review.length) <= MAX_CHARACTERS);
}

/** Reads what this browser keeps; nothing where it keeps nothing or keeps it in another form. */
export function loadEntries(): Entry[] {
  try {
    const stored: unknown = JSON.parse(readStored("localStorage", KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isEntry) : [];
  } catch {
    return [];
  }
}

/** Keeps entries in this browser; false where it does not let the page. */
export function storeEntries(entries: readonly Entry[]): boolean {
  return writeStored("localStorage", KEY, entries.length === 0 ? "" : JSON.stringify(entries));
}

/** Whether the reader turned the history off. */
export function isTurnedOff(): boolean {
  return readStored("localStorage", OFF_KEY) !== null;
}

/** Remembers whether the reader turned the history off. */
export function turnOff(off: boolean): void {
  writeStored("localStorage", OFF_KEY, off ? "off" : "");
}

function isEntry(value: unknown): value is Entry {
  return (
    isRecord(value) &&
    typeof value.id === "string" &&
    typeof value.at === "number" &&
    typeof value.review === "string" &&
    typeof value.mixed === "boolean" &&
    isPrediction(value.prediction)
  );
}
