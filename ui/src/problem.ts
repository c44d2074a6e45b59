import { type PredictionFailure, TIMED_OUT, UNREACHABLE, UNREADABLE } from "./api/failure";
import { CHARACTER_LIMIT, countCharacters, formatCount } from "./wording";

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

/** Explains a failed request kindly; the server's own message is kept where it helps. */
export function explainFailure(failure: PredictionFailure): Problem {
  const inReview = failure.status === 400 || failure.status === 413;
  const waitSeconds = failure.retryAfterSeconds ?? 0;
  const [title, detail] = describe(failure);
  return { title, detail: `${detail}${describeWait(waitSeconds)}`, inReview, waitSeconds };
}

function describe({ status, code, message }: PredictionFailure): [string, string] {
  if (code === TIMED_OUT) return ["No answer came in time.", "Your review is still here."];
  if (code === UNREACHABLE) {
    return [
      "The service cannot be reached.",
      "Your review is still here. Check the connection, then try again.",
    ];
  }
  switch (status) {
    case 400:
    case 413:
      return ["This review cannot be scored.", message];
    case 429:
      return ["Many reviews are being read just now.", "Yours is kept here and was not scored yet."];
    case 502:
      return ["The model could not be asked.", "Your review is still here. Try again in a moment."];
    case 503:
      return ["The model is not ready yet.", "It may still be starting. Your review is still here."];
    case 504:
      return ["The model took too long.", "Your review is still here. A shorter one is read faster."];
    default:
      return describeUnexpected(code, message);
  }
}

function describeUnexpected(code: string, message: string): [string, string] {
  const unreadable = code === UNREADABLE || message === "";
  return [
    "Something went wrong on the way.",
    unreadable ? "The service gave an answer this page cannot read." : message,
  ];
}

function describeWait(seconds: number): string {
  if (seconds === 0) return "";
  return ` The service asks to wait ${formatCount(seconds)} ${seconds === 1 ? "second" : "seconds"}.`;
}
