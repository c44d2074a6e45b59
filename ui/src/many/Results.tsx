import { useDeferredValue, useId, useMemo, useState, useSyncExternalStore } from "react";

import { formatCount, formatCounted } from "../shared/wording";
import { csvParts, save } from "./download";
import { ProgressBar } from "./ProgressBar";
import { ResultTable } from "./ResultTable";
import type { ManyRun } from "./store";
import { Summary } from "./Summary";
import {
  ALL,
  arrange,
  FAILED,
  type SortKey,
  tally,
  type Tally,
  UNSURE,
  WAITING,
  WHOLE_TABLE,
} from "./view";

interface ResultsProps {
  readonly run: ManyRun;
  readonly name: string;
  readonly onOpen: (review: string) => void;
  readonly onBack: () => void;
}

/** A run with its progress, its counts, its table and its download. */
export function Results({ run, name, onOpen, onBack }: ResultsProps) {
  const snapshot = useSyncExternalStore(run.subscribe, run.getSnapshot);
  const [view, setView] = useState(WHOLE_TABLE);
  const search = useDeferredValue(view.search);
  const { outcomes } = snapshot;
  const counts = useMemo(() => tally(outcomes), [outcomes]);
  const places = useMemo(
    () => arrange(outcomes, run.reviewAt, { ...view, search }),
    [outcomes, run, view, search],
  );
  const under = snapshot.progress.phase === "running" || snapshot.progress.phase === "waiting";
  const sort = (key: SortKey) => {
    setView((before) => ({
      ...before,
      sortBy: key,
      descending: before.sortBy === key && !before.descending,
    }));
  };
  const download = async () => {
    const parts = await csvParts(run.rows, outcomes, run.layout, counts.labels);
    save(parts, `${name.replace(/\.\w+$/, "")}-verdicts.csv`);
  };

  return (
    <section className="many-results" aria-labelledby="results-title">
      <div className="waiting-head">
        <h2 id="results-title">{name}</h2>
        {!under && (
          <button type="button" className="quiet" onClick={onBack}>
            Judge something else
          </button>
        )}
      </div>
      <ProgressBar
        snapshot={snapshot}
        total={run.rows.length}
        onCancel={() => {
          run.cancel();
        }}
        onResume={() => {
          run.start();
        }}
      />
      <Summary tally={counts} />
      <Filters
        counts={counts}
        show={view.show}
        search={view.search}
        onChange={(change) => {
          setView((before) => ({ ...before, ...change }));
        }}
      />
      <div className="waiting-head">
        <p className="soft" role="status">
          {formatCounted(places.length, "row")} shown
        </p>
        <button
          type="button"
          onClick={() => {
            void download();
          }}
        >
          Download as CSV
        </button>
      </div>
      <ResultTable {...{ places, outcomes, view, onOpen }} reviewAt={run.reviewAt} onSort={sort} />
    </section>
  );
}

interface FiltersProps {
  readonly counts: Tally;
  readonly show: string;
  readonly search: string;
  readonly onChange: (change: { show?: string; search?: string }) => void;
}

function Filters({ counts, show, search, onChange }: FiltersProps) {
  const ids = { show: useId(), search: useId() };
  const options = [
    ...counts.labels.map((label) => [label, label, counts.byLabel[label] ?? 0] as const),
    [UNSURE, "not sure", counts.unsure] as const,
    [FAILED, "without a verdict", counts.failed] as const,
    [WAITING, "not yet judged", counts.waiting] as const,
  ];
  return (
    <div className="filters">
      <label htmlFor={ids.show}>Show</label>
      <select
        id={ids.show}
        value={show}
        onChange={(event) => {
          onChange({ show: event.target.value });
        }}
      >
        <option value={ALL}>all</option>
        {options.map(([value, words, count]) => (
          <option key={value} value={value}>
            {words} ({formatCount(count)})
          </option>
        ))}
      </select>
      <label htmlFor={ids.search}>with the words</label>
      <input
        id={ids.search}
        type="search"
        value={search}
        onChange={(event) => {
          onChange({ search: event.target.value });
        }}
      />
    </div>
  );
}
