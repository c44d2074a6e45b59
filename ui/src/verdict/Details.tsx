import type { Explanation } from "../api/explanation";
import type { Answer } from "../api/judge";
import type { Model } from "../api/model";
import { formatCount, formatMilliseconds, formatPercent } from "../shared/wording";

interface DetailsProps {
  readonly answer: Answer;
  readonly model: Model;
}

/** For who wants to know: which model answered, what it read, and where the time went. */
export function Details({ answer, model }: DetailsProps) {
  const { prediction, explanation, stages, roundTripMilliseconds } = answer;
  const known = stages.reduce((sum, stage) => sum + stage.milliseconds, 0);
  const version = answer.version ?? model.version;
  return (
    <details className="details">
      <summary>Model, tokens and timing</summary>
      <dl>
        {model.name !== null && <Entry name="model" value={model.name} />}
        {version !== null && <Entry name="version" value={version} />}
        {Object.entries(model.figures).map(([figure, value]) => (
          <Entry key={figure} name={`${figure}, by its card`} value={String(value)} />
        ))}
        <Entry name="tokens read" value={formatCount(prediction.tokens)} />
        {explanation !== null && <Explained explanation={explanation} />}
        {stages.map(({ name, milliseconds, description }) => (
          <Entry
            key={name}
            name={description === null ? name : `${name} (${description})`}
            value={formatMilliseconds(milliseconds)}
          />
        ))}
        <Entry
          name="waiting and network"
          value={formatMilliseconds(Math.max(0, roundTripMilliseconds - known))}
        />
        <Entry name="in all" value={formatMilliseconds(Math.max(known, roundTripMilliseconds))} />
      </dl>
    </details>
  );
}

/** How words were weighed, and what the network that was asked for that says itself. */
function Explained({ explanation: { method, explained } }: { readonly explanation: Explanation }) {
  return (
    <>
      <Entry name="words weighed by" value={method} />
      <Entry
        name={`the ${explained.network} network that was weighed says`}
        value={`${explained.label}, ${formatPercent(explained.confidence)}`}
      />
    </>
  );
}

function Entry({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
