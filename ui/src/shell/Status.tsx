import type { Model } from "../api/model";
import type { Readiness } from "../api/readiness";

interface StatusProps {
  readonly model: Model;
  readonly readiness: Readiness | null;
}

const WORDS: Readonly<Record<Readiness, string>> = {
  ready: "ready",
  "model not ready": "not ready",
  "gateway unreachable": "not reachable",
};

/** Which model answers, and whether it would now. */
export function Status({ model, readiness }: StatusProps) {
  const version = model.version === null ? "" : ` ${model.version.slice(0, 8)}`;
  return (
    <p className="status" data-readiness={readiness ?? "unknown"}>
      <span className="status-dot" aria-hidden="true" />
      {`Model ${model.name ?? ""}${version}`.trim()}: {readiness ? WORDS[readiness] : "asking…"}
    </p>
  );
}
