import { type RequestFailure, TIMED_OUT, UNREACHABLE, UNREADABLE } from "../api/failure";
import { CHARACTER_LIMIT, countCharacters, formatCount, formatCounted } from "../shared/wording";

/** What stands in the way of a verdict, in words for the person who wants it. */
export interface Problem {
  readonly title: string;
  readonly detail: string;
  /** True when the review itself has to change; sending it again would not help. */
  readonly inReview: boolean;
  /** Seconds the service asks to wait before the next try. */
  readonly waitSeconds: number;
}

export const EMPTY: Problem = {
  title: "There is no review yet.",
  detail: "Write or paste one into the box above, or pick an example.",
  inReview: true,
  waitSeconds: 0,
};

export const TOO_LONG: Problem = {
  title: "This review is too long to send.",
  detail: `The limit is ${formatCount(CHARACTER_LIMIT)} characters. Nothing was cut: shorten it here.`,
  inReview: true,
  waitSeconds: 0,
};

/** Finds what keeps a review from being sent at all. */
export function findProblem(review: string): Problem | null {
  if (review.trim() === "") return EMPTY;
  return countCharacters(review) > CHARACTER_LIMIT ? TOO_LONG : null;
}

/** Explains a failed request: which part is down, and what can be done about it. */
export function explainFailure(failure: RequestFailure): Problem {
  const inReview = failure.status === 400 || failure.status === 413;
  const waitSeconds = failure.retryAfterSeconds ?? 0;
  const [title, detail] = describe(failure);
  return { title, detail: `${detail}${describeWait(waitSeconds)}`, inReview, waitSeconds };
}

/** Says what stands in the way for now, while the page asks again by itself. */
export function explainTrouble(failure: RequestFailure): string {
  const [title] = describe(failure);
  return `${title} Your review is kept, and the page tries again by itself for up to two minutes. You can cancel.`;
}

const KEPT = "Your review is still here.";

function describe({ status, code, message }: RequestFailure): [string, string] {
  if (code === TIMED_OUT) {
    return ["No answer came in time.", `The service took the review but stayed silent. ${KEPT}`];
  }
  if (code === UNREACHABLE) return describeUnreachable();
  switch (status) {
    case 400:
    case 413:
      return ["This review cannot be scored.", message];
    case 401:
    case 403:
      return ["The service does not let this page in.", message];
    case 429:
      return [
        "Many reviews are being read just now.",
        "Yours is kept here and was not scored yet.",
      ];
    case 502:
      return [
        "The model server failed.",
        `The page and its gateway work; ${describeUpstream(code)} ${KEPT}`,
      ];
    case 503:
      return [
        "The model is not ready yet.",
        `The gateway works; the model behind it may still be starting. ${KEPT}`,
      ];
    case 504:
      return [
        "The model took too long.",
        `The gateway works; the model behind it is busy or hangs. ${KEPT} A shorter one is read faster.`,
      ];
    default:
      return describeUnexpected(code, message);
  }
}

function describeUnreachable(): [string, string] {
  const offline = typeof navigator !== "undefined" && !navigator.onLine;
  const cause = offline
    ? "This device is offline."
    : "The page is loaded, but its gateway does not answer: it may have stopped.";
  return [
    "The service cannot be reached.",
    `${cause} ${KEPT} Check the connection, then try again.`,
  ];
}

function describeUpstream(code: string): string {
  if (code === "upstream_unreachable") return "the model server behind it does not answer.";
  return "the model server behind it broke off over this review.";
}

function describeUnexpected(code: string, message: string): [string, string] {
  const unreadable = code === UNREADABLE || message === "";
  return [
    "Something went wrong on the way.",
    unreadable ? "The service gave an answer this page cannot read." : message,
  ];
}

function describeWait(seconds: number): string {
  return seconds === 0 ? "" : ` The service asks to wait ${formatCounted(seconds, "second")}.`;
}
