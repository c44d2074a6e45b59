import type { Outcome } from "../api/predictMany";
import { predictMany } from "../api/predictMany";
import { CHARACTER_LIMIT, countCharacters, formatCount } from "../shared/wording";
import type { Layout } from "./columns";
import { rowsBelowHeader } from "./columns";
import { type Progress, run, type RunOptions } from "./run";
import type { Row } from "./table";

/** A run as the page shows it; a new object whenever something changed. */
export interface Snapshot {
  readonly progress: Progress;
  /** What came for each row; undefined where nothing has yet. */
  readonly outcomes: readonly (Outcome | undefined)[];
  readonly done: number;
  /** Rows scored a second since the run was started last; null before the first. */
  readonly rowsPerSecond: number | null;
}

const PUBLISH_EVERY_MS = 400;
const IDLE: Progress = { phase: "paused", waitSeconds: 0, failure: null };

/** Scores the rows of a table and tells how far it is; outside React, which only looks on. */
export class ManyRun {
  readonly rows: readonly Row[];
  private readonly outcomes: (Outcome | undefined)[];
  private readonly listeners = new Set<() => void>();
  private controller = new AbortController();
  private snapshot: Snapshot;
  private progress = IDLE;
  private publishing: ReturnType<typeof setTimeout> | null = null;
  private started = { at: 0, done: 0 };

  constructor(
    rows: readonly Row[],
    readonly layout: Layout,
    private readonly send: RunOptions["send"] = predictMany,
  ) {
    this.rows = rowsBelowHeader(rows, layout);
    this.outcomes = this.rows.map((row) => refusal(row, layout));
    this.snapshot = this.look();
  }

  /** Scores what has no outcome yet, from the start or where it stopped. */
  start(): void {
    this.controller = new AbortController();
    this.started = { at: performance.now(), done: this.countDone() };
    const places = [...this.outcomes.keys()].filter((place) => this.outcomes[place] === undefined);
    const onOutcomes = (done: readonly number[], outcomes: readonly Outcome[]) => {
      for (const [index, place] of done.entries()) this.outcomes[place] = outcomes[index];
      this.publishSoon();
    };
    const onProgress = (progress: Progress) => {
      this.progress = progress;
      this.publish();
    };
    const options = { send: this.send, onOutcomes, onProgress };
    void run(places, this.reviewAt, options, this.controller.signal);
  }

  cancel(): void {
    this.controller.abort();
  }

  readonly reviewAt = (place: number): string => this.rows[place]?.cells[this.layout.column] ?? "";

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getSnapshot = (): Snapshot => this.snapshot;

  // Drawing the page anew for every answer would slow the run down.
  private publishSoon(): void {
    this.publishing ??= setTimeout(() => {
      this.publish();
    }, PUBLISH_EVERY_MS);
  }

  private publish(): void {
    if (this.publishing !== null) clearTimeout(this.publishing);
    this.publishing = null;
    this.snapshot = this.look();
    for (const listener of this.listeners) listener();
  }

  private look(): Snapshot {
    const done = this.countDone();
    const seconds = (performance.now() - this.started.at) / 1000;
    const since = done - this.started.done;
    return {
      progress: this.progress,
      outcomes: [...this.outcomes],
      done,
      rowsPerSecond: since > 0 && seconds > 0 ? since / seconds : null,
    };
  }

  private countDone(): number {
    return this.outcomes.reduce((count, outcome) => (outcome === undefined ? count : count + 1), 0);
  }
}

/** Tells at once what keeps a row from being scored, so that it need not be sent. */
function refusal(row: Row, { column, names }: Layout): Outcome | undefined {
  const refuse = (code: string, message: string) => ({ error: { code, message } });
  if (row.problem !== null) return refuse("unreadable_row", row.problem);
  const review = row.cells[column];
  if (review === undefined) {
    const cells = `${formatCount(row.cells.length)} of ${formatCount(names.length)} cells`;
    return refuse("short_row", `This row has ${cells}; the one with the review is missing.`);
  }
  if (review.trim() === "") return refuse("empty_review", "There is no text in this cell.");
  const characters = countCharacters(review);
  if (characters <= CHARACTER_LIMIT) return undefined;
  const [found, limit] = [characters, CHARACTER_LIMIT].map(formatCount);
  return refuse("review_too_long", `${found ?? ""} characters; the limit is ${limit ?? ""}.`);
}
