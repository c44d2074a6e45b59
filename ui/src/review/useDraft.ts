import { useCallback, useEffect, useState } from "react";

import { readStored, writeStored } from "../shared/storage";

const KEY = "review-verdict.draft";
const KEPT_TEXTS = 20;
const PAUSE_MS = 300;

/** The text in the box. */
export interface Draft {
  readonly text: string;
  readonly edit: (text: string) => void;
  /** Puts another text into the box and keeps what it replaces, if that is the reader's own. */
  readonly replace: (text: string) => void;
  /** Swaps in the text replaced last; what it replaces is kept in turn. Null if there is none. */
  readonly restore: (() => void) | null;
}

/**
 * Holds the text in the box: it survives a reload of the tab, and no text of the reader's own is
 * ever lost to an example, to Clear or to bringing back another. `isOwn` tells such texts.
 */
export function useDraft(isOwn: (text: string) => boolean): Draft {
  const [text, setText] = useState(() => readStored("sessionStorage", KEY) ?? "");
  const [replaced, setReplaced] = useState<readonly string[]>([]);

  useEffect(() => {
    const timer = setTimeout(() => writeStored("sessionStorage", KEY, text), PAUSE_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);

  const keep = useCallback(
    (old: string, others: readonly string[], last: boolean): readonly string[] => {
      if (old.trim() === "" || !isOwn(old)) return others;
      const rest = others.filter((other) => other !== old);
      return (last ? [...rest, old] : [old, ...rest]).slice(-KEPT_TEXTS);
    },
    [isOwn],
  );
  const replace = useCallback(
    (next: string) => {
      setReplaced(keep(text, replaced, true).filter((other) => other !== next));
      setText(next);
    },
    [keep, replaced, text],
  );
  const last = replaced.at(-1);
  const restore = () => {
    if (last === undefined) return;
    setReplaced(keep(text, replaced.slice(0, -1), false));
    setText(last);
  };
  return { text, edit: setText, replace, restore: last === undefined ? null : restore };
}
