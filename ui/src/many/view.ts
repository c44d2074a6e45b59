import type { Outcome } from "../api/predictMany";

export type SortKey = "row" | "verdict" | "confidence" | "review";

/** Which rows are shown, and in which order. */
export interface View {
  /** A label, or one of the shows below. */
  readonly show: string;
  readonly search: string;
  readonly sortBy: SortKey;
  readonly descending: boolean;
}

export const ALL = "";
/** Starts with what no label can: a space. */
export const UNSURE = " unsure";
export const FAILED = " failed";
export const WAITING = " waiting";

export const WHOLE_TABLE: View = { show: ALL, search: "", sortBy: "row", descending: false };

type Outcomes = readonly (Outcome | undefined)[];

/** Returns the places of the rows that a view shows, in its order. */
export function arrange(outcomes: Outcomes, reviewAt: (place: number) => string, view: View) {
  const search = view.search.trim().toLowerCase();
  const places = [...outcomes.keys()].filter(
    (place) =>
      matches(outcomes[place], view.show) &&
      (search === "" || reviewAt(place).toLowerCase().includes(search)),
  );
  if (view.sortBy !== "row") places.sort(comparing(outcomes, reviewAt, view.sortBy));
  return view.descending ? places.reverse() : places;
}

function matches(outcome: Outcome | undefined, show: string): boolean {
  if (show === ALL) return true;
  if (outcome === undefined) return show === WAITING;
  if ("error" in outcome) return show === FAILED;
  if (show === UNSURE) return !outcome.prediction.certain;
  return outcome.prediction.label === show;
}

function comparing(outcomes: Outcomes, reviewAt: (place: number) => string, sortBy: SortKey) {
  if (sortBy === "review") {
    return (left: number, right: number) => compareText(reviewAt(left), reviewAt(right));
  }
  if (sortBy === "verdict") {
    const label = (place: number) => labelAt(outcomes[place]);
    return (left: number, right: number) => compareText(label(left), label(right));
  }
  const confidence = (place: number) => confidenceAt(outcomes[place]);
  return (left: number, right: number) => confidence(left) - confidence(right);
}

// Ten thousand comparisons by a locale's rules would hold up the page.
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function labelAt(outcome: Outcome | undefined): string {
  return outcome !== undefined && "prediction" in outcome ? outcome.prediction.label : "";
}

function confidenceAt(outcome: Outcome | undefined): number {
  return outcome !== undefined && "prediction" in outcome ? outcome.prediction.confidence : -1;
}

/** What came of all rows together. */
export interface Tally {
  /** In the checkpoint's order. */
  readonly labels: readonly string[];
  readonly byLabel: Readonly<Record<string, number>>;
  readonly unsure: number;
  readonly failed: number;
  readonly waiting: number;
  /** Scored rows by the probability of the last label, in ten steps. */
  readonly histogram: readonly number[];
}

/** Counts what came of all rows. */
export function tally(outcomes: Outcomes): Tally {
  const first = outcomes.find((outcome) => outcome !== undefined && "prediction" in outcome);
  const labels = first && "prediction" in first ? Object.keys(first.prediction.probabilities) : [];
  const byLabel = Object.fromEntries(labels.map((label) => [label, 0]));
  const histogram = Array.from({ length: 10 }, () => 0);
  const last = labels.at(-1) ?? "";
  let [unsure, failed, waiting] = [0, 0, 0];
  for (const outcome of outcomes) {
    if (outcome === undefined) waiting += 1;
    else if ("error" in outcome) failed += 1;
    else {
      const { label, certain, probabilities } = outcome.prediction;
      byLabel[label] = (byLabel[label] ?? 0) + 1;
      if (!certain) unsure += 1;
      const step = Math.min(9, Math.floor((probabilities[last] ?? 0) * 10));
      histogram[step] = (histogram[step] ?? 0) + 1;
    }
  }
  return { labels, byLabel, unsure, failed, waiting, histogram };
}
