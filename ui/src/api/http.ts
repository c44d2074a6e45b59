import { failureFromAnswer, RequestFailure, TIMED_OUT, UNREACHABLE } from "./failure";

/** A successful answer: its decoded body, undefined where it is not JSON, and its headers. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
  readonly milliseconds: number;
}

interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  /** What is sent as JSON. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
  readonly timeLimit?: number;
}

// Longer than the gateway's own limits, so that its explanation arrives before this one is needed.
const TIME_LIMIT_MS = 90_000;

/** Sends one request to the page's own origin; throws RequestFailure unless it succeeds. */
export async function call(path: string, options: Call = {}): Promise<Reply> {
  const deadline = new Deadline(options.timeLimit ?? TIME_LIMIT_MS, options.signal);
  const started = performance.now();
  try {
    const answer = await fetch(path, fetchOptions(options, deadline.signal));
    const body = decode(await answer.text());
    if (!answer.ok) throw failureFromAnswer(answer, body);
    const milliseconds = performance.now() - started;
    return { status: answer.status, body, headers: answer.headers, milliseconds };
  } catch (error) {
    if (error instanceof RequestFailure) throw error;
    throw new RequestFailure(0, deadline.passed ? TIMED_OUT : UNREACHABLE, "");
  } finally {
    deadline.release();
  }
}

function fetchOptions({ method = "GET", json }: Call, signal: AbortSignal): RequestInit {
  const accept = { Accept: "application/json" };
  if (json === undefined) return { method, headers: accept, signal };
  const headers = { ...accept, "Content-Type": "application/json" };
  return { method, headers, signal, body: JSON.stringify(json) };
}

/** Aborts when the caller does or the time is up; `AbortSignal.any` is too new for some readers. */
class Deadline {
  passed = false;
  private readonly controller = new AbortController();
  private readonly timer: ReturnType<typeof setTimeout>;

  constructor(
    milliseconds: number,
    private readonly caller: AbortSignal | undefined,
  ) {
    this.timer = setTimeout(() => {
      this.passed = true;
      this.abort();
    }, milliseconds);
    if (caller?.aborted) this.abort();
    caller?.addEventListener("abort", this.abort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  release(): void {
    clearTimeout(this.timer);
    this.caller?.removeEventListener("abort", this.abort);
  }

  private readonly abort = () => {
    this.controller.abort();
  };
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: the status decides what the reader is told.
  }
}
