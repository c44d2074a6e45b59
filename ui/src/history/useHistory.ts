import { useCallback, useEffect, useState } from "react";

import type { Answer } from "../api/judge";
import {
  type Entry,
  entryOf,
  isTurnedOff,
  loadEntries,
  storeEntries,
  turnOff,
  withEntry,
} from "./entries";

/** The last verdicts, in this browser only. */
export interface History {
  readonly entries: readonly Entry[];
  readonly on: boolean;
  /** False where the browser does not let the page keep anything, as in some private windows. */
  readonly kept: boolean;
  readonly add: (review: string, answer: Answer) => void;
  readonly remove: (ids: readonly string[]) => void;
  /** Takes back the last removal. */
  readonly undo: (() => void) | null;
  readonly setOn: (on: boolean) => void;
}

/** Holds the history and keeps the browser's copy of it up to date. */
export function useHistory(): History {
  const [entries, setEntries] = useState(loadEntries);
  const [on, setOnState] = useState(() => !isTurnedOff());
  const [kept] = useState(() => storeEntries(entries));
  const [before, setBefore] = useState<readonly Entry[] | null>(null);

  useEffect(() => {
    storeEntries(entries);
  }, [entries]);

  const add = useCallback(
    (review: string, answer: Answer) => {
      if (!on) return;
      const entry = entryOf(review, answer);
      setEntries((others) => withEntry(others, entry));
      setBefore(null);
    },
    [on],
  );
  const remove = (ids: readonly string[]) => {
    setBefore(entries);
    setEntries(entries.filter(({ id }) => !ids.includes(id)));
  };
  const undo = () => {
    if (before !== null) setEntries([...before]);
    setBefore(null);
  };
  const setOn = (next: boolean) => {
    setOnState(next);
    turnOff(!next);
  };
  return { entries, on, kept, add, remove, undo: before === null ? null : undo, setOn };
}
