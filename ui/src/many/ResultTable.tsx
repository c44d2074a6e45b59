import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";

import type { Outcome } from "../api/predictMany";
import { excerpt, formatCount, formatPercent } from "../shared/wording";
import { Icon } from "../verdict/Icon";
import { toneOf } from "../verdict/tone";
import type { SortKey, View } from "./view";

interface ResultTableProps {
  /** The rows to show, in order. */
  readonly places: readonly number[];
  readonly outcomes: readonly (Outcome | undefined)[];
  readonly reviewAt: (place: number) => string;
  readonly view: View;
  readonly onSort: (key: SortKey) => void;
  readonly onOpen: (review: string) => void;
}

const COLUMNS: readonly (readonly [SortKey, string])[] = [
  ["row", "Row"],
  ["verdict", "Verdict"],
  ["confidence", "How sure"],
  ["review", "Review"],
];
const ROW_HEIGHT = 68;

/** The results as a table of which only the rows in view are drawn. */
export function ResultTable(props: ResultTableProps) {
  const { places, outcomes, reviewAt, view, onSort, onOpen } = props;
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions stay in this component
  const virtual = useVirtualizer({
    count: places.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 6,
  });
  return (
    // A part that scrolls has to be in reach of the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={scroller} className="table-scroller" tabIndex={0} role="region" aria-label="Results">
      <div role="table" aria-label="Results" aria-rowcount={places.length + 1} className="results">
        <div role="rowgroup" className="results-head">
          <div role="row" aria-rowindex={1} className="results-row">
            {COLUMNS.map(([key, name]) => (
              <HeaderCell key={key} name={name} sortKey={key} view={view} onSort={onSort} />
            ))}
          </div>
        </div>
        <div role="rowgroup" className="results-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const place = places[index] ?? 0;
            return (
              <div
                key={place}
                role="row"
                aria-rowindex={index + 2}
                className="results-row"
                style={{ transform: `translateY(${start}px)`, height: ROW_HEIGHT }}
              >
                <Cells
                  place={place}
                  outcome={outcomes[place]}
                  review={reviewAt(place)}
                  onOpen={onOpen}
                />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface HeaderCellProps {
  readonly name: string;
  readonly sortKey: SortKey;
  readonly view: View;
  readonly onSort: (key: SortKey) => void;
}

function HeaderCell({ name, sortKey, view, onSort }: HeaderCellProps) {
  const sorted = view.sortBy === sortKey;
  const order = view.descending ? "descending" : "ascending";
  return (
    <span role="columnheader" aria-sort={sorted ? order : "none"} className={`cell-${sortKey}`}>
      <button
        type="button"
        className="quiet"
        onClick={() => {
          onSort(sortKey);
        }}
      >
        {name}
        <span aria-hidden="true">{sorted ? (view.descending ? " ↓" : " ↑") : ""}</span>
      </button>
    </span>
  );
}

interface CellsProps {
  readonly place: number;
  readonly outcome: Outcome | undefined;
  readonly review: string;
  readonly onOpen: (review: string) => void;
}

function Cells({ place, outcome, review, onOpen }: CellsProps) {
  return (
    <>
      <span role="cell" className="cell-row">
        {formatCount(place + 1)}
      </span>
      <span role="cell" className="cell-verdict">
        <VerdictCell outcome={outcome} />
      </span>
      <span role="cell" className="cell-confidence">
        <ConfidenceCell outcome={outcome} />
      </span>
      <span role="cell" className="cell-review">
        <span className="cell-text">
          {outcome !== undefined && "error" in outcome ? (
            <em>{outcome.error.message}</em>
          ) : (
            excerpt(review, 220)
          )}
        </span>
        {outcome !== undefined && "prediction" in outcome && (
          <button
            type="button"
            className="quiet"
            aria-label={`Why, row ${formatCount(place + 1)}`}
            onClick={() => {
              onOpen(review);
            }}
          >
            Why?
          </button>
        )}
      </span>
    </>
  );
}

function VerdictCell({ outcome }: { readonly outcome: Outcome | undefined }) {
  if (outcome === undefined) return <span className="soft">not yet</span>;
  if ("error" in outcome) return <strong>no verdict</strong>;
  const { label, probabilities } = outcome.prediction;
  return (
    <span className={`tone-${toneOf(label, Object.keys(probabilities))} labelled`}>
      <Icon shape={toneOf(label, Object.keys(probabilities))} size={14} />
      {label}
    </span>
  );
}

function ConfidenceCell({ outcome }: { readonly outcome: Outcome | undefined }) {
  if (outcome === undefined || "error" in outcome) return null;
  const { confidence, certain } = outcome.prediction;
  return (
    <>
      {formatPercent(confidence)}
      {!certain && <span className="soft">, not sure</span>}
    </>
  );
}
