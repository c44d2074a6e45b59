import { explainFailure } from "../review/problem";
import { formatCount, formatCounted } from "../shared/wording";
import type { Snapshot } from "./store";

interface ProgressBarProps {
  readonly snapshot: Snapshot;
  readonly total: number;
  readonly onCancel: () => void;
  readonly onResume: () => void;
}

/** How far a run is, and the way to stop it or to go on. */
export function ProgressBar({ snapshot, total, onCancel, onResume }: ProgressBarProps) {
  const { progress, done } = snapshot;
  const under = progress.phase === "running" || progress.phase === "waiting";
  return (
    <div className="progress">
      <progress max={total} value={done} aria-label="Reviews judged" />
      <p className="soft">
        {formatCount(done)} of {formatCounted(total, "row")}
        {under && describeRemaining(snapshot, total)}
      </p>
      <p role="status" className={progress.phase === "running" ? "visually-hidden" : undefined}>
        {describePhase(snapshot)}
      </p>
      {progress.failure !== null && <Failure snapshot={snapshot} />}
      {under && (
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      )}
      {!under && done < total && (
        <button type="button" className="primary" onClick={onResume}>
          Go on with the rest
        </button>
      )}
    </div>
  );
}

function Failure({ snapshot: { progress } }: { readonly snapshot: Snapshot }) {
  if (progress.failure === null) return null;
  const { title } = explainFailure(progress.failure);
  return (
    <p role="alert" className="problem">
      <span>
        <strong>{title}</strong> What has a verdict keeps it; go on when the service is back.
      </span>
    </p>
  );
}

function describePhase({ progress: { phase, waitSeconds } }: Snapshot): string {
  switch (phase) {
    case "running":
      return "Judging.";
    case "waiting":
      return `The service is busy and asks to wait ${formatCounted(waitSeconds, "second")}; then it goes on.`;
    case "paused":
      return "Stopped.";
    case "cancelled":
      return "Cancelled. What has a verdict keeps it.";
    case "done":
      return "Done.";
  }
}

function describeRemaining({ rowsPerSecond, done }: Snapshot, total: number): string {
  if (rowsPerSecond === null) return "";
  const seconds = Math.ceil((total - done) / rowsPerSecond);
  if (seconds < 5) return ", nearly done";
  return seconds < 90
    ? `, about ${formatCounted(seconds, "second")} left`
    : `, about ${formatCounted(Math.round(seconds / 60), "minute")} left`;
}
