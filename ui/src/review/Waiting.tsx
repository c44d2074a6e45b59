import { useEffect, useState } from "react";

import type { RequestFailure } from "../api/failure";
import { explainTrouble } from "./problem";

interface WaitingProps {
  readonly review: string;
  /** What stands in the way for now. */
  readonly trouble: RequestFailure | null;
  readonly onCancel: () => void;
}

const SLOW_AFTER_SECONDS = 5;
const SLOW = "This takes longer than usual. You can cancel and keep your review.";

/** The review while it is being read, with a way out when that takes long. */
export function Waiting({ review, trouble, onCancel }: WaitingProps) {
  const seconds = useElapsedSeconds();
  const slow = seconds >= SLOW_AFTER_SECONDS;
  return (
    <div className="waiting">
      <div className="waiting-head">
        <p className="waiting-title">
          <span className="spinner" aria-hidden="true" /> Reading…
        </p>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
      {/* Always there, so that its words are spoken when they come. */}
      <p className="waiting-slow" role="status">
        {trouble === null ? slow && SLOW : explainTrouble(trouble)}
      </p>
      {slow && <p className="soft">{seconds} seconds so far</p>}
      <blockquote className="marked faint">{review.slice(0, 1200)}</blockquote>
    </div>
  );
}

function useElapsedSeconds(): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      setSeconds((before) => before + 1);
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return seconds;
}
