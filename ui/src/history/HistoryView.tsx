import { useState } from "react";

import type { Model } from "../api/model";
import { excerpt, formatCounted, formatPercent } from "../shared/wording";
import { Icon } from "../verdict/Icon";
import { ProbabilityBars } from "../verdict/ProbabilityBars";
import { headlineOf } from "../verdict/stance";
import { toneOf } from "../verdict/tone";
import type { Entry } from "./entries";
import type { History } from "./useHistory";

interface HistoryViewProps {
  readonly history: History;
  readonly model: Model;
  readonly onOpen: (review: string) => void;
}

/** The last verdicts: to look at again, to compare two of them, to delete. */
export function HistoryView({ history, model, onOpen }: HistoryViewProps) {
  const { entries, on, kept, remove, undo, setOn } = history;
  const [picked, setPicked] = useState<readonly string[]>([]);
  const compared = picked.flatMap((id) => entries.find((entry) => entry.id === id) ?? []);
  const pick = (id: string) => {
    setPicked((before) =>
      before.includes(id) ? before.filter((other) => other !== id) : [...before, id].slice(-2),
    );
  };
  return (
    <div className="history">
      <p className="soft">
        {kept
          ? "The last verdicts are kept in this browser and nowhere else."
          : "This browser keeps nothing for the page; the list ends with this tab."}
      </p>
      <div className="sheet-actions">
        <label className="check">
          <input
            type="checkbox"
            checked={on}
            onChange={(event) => {
              setOn(event.target.checked);
            }}
          />
          Keep my verdicts
        </label>
        <span className="spread" />
        {undo !== null && (
          <button type="button" onClick={undo}>
            Undo
          </button>
        )}
        {entries.length > 0 && (
          <button
            type="button"
            onClick={() => {
              remove(entries.map(({ id }) => id));
            }}
          >
            Delete all
          </button>
        )}
      </div>
      <p role="status" className="visually-hidden">
        {formatCounted(entries.length, "verdict")} kept.
      </p>
      {compared.length === 2 && <Comparison entries={compared} model={model} />}
      {entries.length === 0 && <p>{on ? "No verdicts yet." : "Nothing is kept."}</p>}
      {entries.length > 1 && compared.length < 2 && (
        <p className="soft">Pick two to see them side by side.</p>
      )}
      <ul className="history-list">
        {entries.map((entry) => (
          <HistoryItem
            key={entry.id}
            entry={entry}
            model={model}
            picked={picked.includes(entry.id)}
            onPick={() => {
              pick(entry.id);
            }}
            onOpen={() => {
              onOpen(entry.review);
            }}
            onDelete={() => {
              remove([entry.id]);
            }}
          />
        ))}
      </ul>
    </div>
  );
}

interface HistoryItemProps {
  readonly entry: Entry;
  readonly model: Model;
  readonly picked: boolean;
  readonly onPick: () => void;
  readonly onOpen: () => void;
  readonly onDelete: () => void;
}

const WHEN = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

function HistoryItem({ entry, model, picked, onPick, onOpen, onDelete }: HistoryItemProps) {
  const opening = excerpt(entry.review, 90);
  return (
    <li>
      <p className="history-head">
        <ShortVerdict entry={entry} model={model} />
        <span className="soft">{WHEN.format(entry.at)}</span>
      </p>
      <p className="history-opening">{opening}</p>
      <div className="sheet-actions">
        <label className="check">
          <input type="checkbox" checked={picked} onChange={onPick} />
          <span>
            Compare<span className="visually-hidden">: {opening}</span>
          </span>
        </label>
        <button
          type="button"
          className="quiet"
          aria-label={`Open again: ${opening}`}
          onClick={onOpen}
        >
          Open again
        </button>
        <button
          type="button"
          className="quiet"
          aria-label={`Delete: ${opening}`}
          onClick={onDelete}
        >
          Delete
        </button>
      </div>
    </li>
  );
}

function scoredOf({ prediction, mixed }: Entry) {
  return { prediction, explanation: { mixed } };
}

function ShortVerdict({ entry, model }: { readonly entry: Entry; readonly model: Model }) {
  const { stance, word } = headlineOf(scoredOf(entry), model);
  const { label, confidence, probabilities } = entry.prediction;
  const shape = stance === "clear" ? toneOf(label, Object.keys(probabilities)) : stance;
  return (
    <strong className={`labelled tone-${shape}`}>
      <Icon shape={shape} size={16} />
      {stance === "clear" ? word : `${word}, leans to ${label}`} {formatPercent(confidence)}
    </strong>
  );
}

function Comparison({
  entries,
  model,
}: {
  readonly entries: readonly Entry[];
  readonly model: Model;
}) {
  return (
    <section className="comparison" aria-label="Comparison">
      {entries.map((entry) => (
        <div key={entry.id} className="panel">
          <ShortVerdict entry={entry} model={model} />
          <ProbabilityBars
            probabilities={entry.prediction.probabilities}
            chosen={entry.prediction.label}
          />
          <blockquote className="marked compared">{entry.review}</blockquote>
          {entry.version !== null && (
            <p className="soft">Model version {entry.version.slice(0, 12)}</p>
          )}
        </div>
      ))}
    </section>
  );
}
