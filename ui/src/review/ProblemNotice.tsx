import { useCountdown } from "../shared/useCountdown";
import type { Problem } from "./problem";

interface ProblemNoticeProps {
  readonly id: string;
  readonly problem: Problem;
  readonly onRetry: () => void;
}

/** Says what went wrong, and offers another try where that can help. */
export function ProblemNotice({ id, problem, onRetry }: ProblemNoticeProps) {
  return (
    <div className="problem">
      <div id={id} role="alert">
        <strong>{problem.title}</strong> {problem.detail}
      </div>
      {!problem.inReview && <RetryButton waitSeconds={problem.waitSeconds} onRetry={onRetry} />}
    </div>
  );
}

interface RetryButtonProps {
  readonly waitSeconds: number;
  readonly onRetry: () => void;
}

function RetryButton({ waitSeconds, onRetry }: RetryButtonProps) {
  const remaining = useCountdown(waitSeconds);
  const waiting = remaining > 0;
  // aria-disabled keeps the button in reach of the keyboard, unlike disabled.
  return (
    <button type="button" aria-disabled={waiting} onClick={waiting ? undefined : onRetry}>
      {waiting ? `Try again in ${remaining} s` : "Try again"}
    </button>
  );
}
