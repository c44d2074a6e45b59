import type { Answer } from "../api/client";
import type { Stage } from "../api/serverTiming";
import { formatCount, formatMilliseconds } from "../wording";

/** Closing credits: tokens read, the servers' stages as they name them, and the round trip. */
export function Credits({ answer }: { readonly answer: Answer }) {
  return (
    <dl className="credits">
      <Credit name="tokens read" value={formatCount(answer.prediction.tokens)} />
      {answer.stages.map((stage) => (
        <Credit key={stage.name} name={stage.name} value={describeStage(stage)} />
      ))}
      <Credit name="round trip" value={formatMilliseconds(answer.roundTripMilliseconds)} />
    </dl>
  );
}

function Credit({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function describeStage({ milliseconds, description }: Stage): string {
  const duration = formatMilliseconds(milliseconds);
  return description === null ? duration : `${duration}, ${description}`;
}
