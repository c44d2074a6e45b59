import type { Answer } from "../api/client";
import { formatCount, formatMilliseconds } from "../wording";

/** Closing credits: tokens read, the servers' stages as they name them, and the round trip. */
export function Credits({ answer }: { readonly answer: Answer }) {
  return (
    <dl className="credits">
      <Credit name="tokens read" value={formatCount(answer.prediction.tokens)} />
      {answer.stages.map((stage) => (
        <Credit
          key={stage.name}
          name={stage.name}
          value={formatMilliseconds(stage.milliseconds)}
          remark={stage.description}
        />
      ))}
      <Credit name="round trip" value={formatMilliseconds(answer.roundTripMilliseconds)} />
    </dl>
  );
}

interface CreditProps {
  readonly name: string;
  readonly value: string;
  readonly remark?: string | null;
}

function Credit({ name, value, remark = null }: CreditProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {remark !== null && (
          <>
            , <span>{remark}</span>
          </>
        )}
      </dd>
    </div>
  );
}
