import { isRecord } from "../shared/guards";

/** Why no answer came: the server's own error, or one of the page's codes below. */
export class RequestFailure extends Error {
  /** `status` 0 means that no answer arrived at all. */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = "RequestFailure";
  }
}

/** No connection, or it broke before an answer came. */
export const UNREACHABLE = "page_unreachable";
/** No answer within the page's own time limit. */
export const TIMED_OUT = "page_timed_out";
/** An answer that does not follow the HTTP contract. */
export const UNREADABLE = "page_unreadable";

/** Builds the failure for an answer with an error status, whatever its body holds. */
export function failureFromAnswer(answer: Response, body: unknown): RequestFailure {
  const error = isRecord(body) && isRecord(body.error) ? body.error : {};
  return new RequestFailure(
    answer.status,
    typeof error.code === "string" ? error.code : UNREADABLE,
    typeof error.message === "string" ? error.message : "",
    parseRetryAfter(answer.headers.get("Retry-After"), Date.now()),
  );
}

/** Makes a failure of whatever was thrown; an abort by the reader counts as no connection. */
export function asFailure(error: unknown): RequestFailure {
  return error instanceof RequestFailure ? error : new RequestFailure(0, UNREACHABLE, "");
}

/** Reads `Retry-After` (seconds or an HTTP date) as whole seconds from `now` (ms since 1970). */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}
