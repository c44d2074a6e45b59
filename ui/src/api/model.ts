import { isListOf, isRecord, isText } from "../shared/guards";
import { call } from "./http";

/** What the service says about the model it serves; a field it does not say is null or empty. */
export interface Model {
  readonly name: string | null;
  readonly version: string | null;
  /** In the checkpoint's order, which runs from the lowest to the highest where there are two. */
  readonly labels: readonly string[];
  readonly language: string | null;
  readonly domain: string | null;
  /** Longest text the model reads, in tokens. */
  readonly maxLength: number | null;
  /** Confidence from which a verdict counts as certain. */
  readonly threshold: number | null;
  /** Measured figures of the model card. */
  readonly figures: Readonly<Record<string, number>>;
  /** Null where wrong verdicts cannot be reported. */
  readonly feedback: FeedbackOffer | null;
}

/** How long a reported review is kept; null days where the service does not say. */
export interface FeedbackOffer {
  readonly retentionDays: number | null;
}

/** Nothing is known of the model: the page then leaves out what it would have said. */
export const UNKNOWN_MODEL: Model = {
  name: null,
  version: null,
  labels: [],
  language: null,
  domain: null,
  maxLength: null,
  threshold: null,
  figures: {},
  feedback: null,
};

/** Asks which model is served; throws RequestFailure where that cannot be had. */
export async function fetchModel(signal: AbortSignal): Promise<Model> {
  return readModel((await call("/model", { signal })).body);
}

/** Takes what can be used out of a decoded description of the model. */
export function readModel(body: unknown): Model {
  if (!isRecord(body)) return UNKNOWN_MODEL;
  return {
    name: text(body.name),
    version: text(body.version),
    labels: isListOf(body.labels, isText) ? body.labels : [],
    language: languageName(text(body.language)),
    domain: text(body.domain),
    maxLength: number(body.max_length),
    threshold: number(body.threshold),
    figures: figures(body.figures),
    feedback: isRecord(body.feedback)
      ? { retentionDays: number(body.feedback.retention_days) }
      : null,
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function figures(value: unknown): Record<string, number> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => number(entry[1]) !== null),
  );
}

/** Cards name languages by code ("en"); readers by name ("English"). */
function languageName(language: string | null): string | null {
  if (language === null || !/^[a-z]{2,3}$/.test(language)) return language;
  return new Intl.DisplayNames("en", { type: "language" }).of(language) ?? language;
}
