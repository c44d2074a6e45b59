import { vi } from "vitest";

/** A scored review as the gateway sends it; labels are invented, as the page must not know any. */
export const PREDICTION = {
  label: "ripe",
  confidence: 0.93,
  probabilities: { unripe: 0.05, ripe: 0.93, rotten: 0.02 },
  certain: true,
  tokens: 42,
  truncated: false,
};

/** Why PREDICTION came out so, for the review "Juicy." */
export const EXPLANATION = {
  words: [{ start: 0, end: 5, contribution: 0.8 }],
  sentences: [{ start: 0, end: 6, label: "ripe", confidence: 0.9, contribution: 0.8 }],
  mixed: false,
  read: [[0, 6]],
  method: "by hand",
  explained: { network: "fp32", label: "ripe", confidence: 0.94 },
};

/** A model with two labels, as the gateway describes it. */
export const MODEL = {
  name: "orchard",
  version: "0123456789ab",
  labels: ["unripe", "ripe"],
  language: "en",
  domain: "fruit reviews",
  max_length: 512,
  threshold: 0.75,
  figures: { accuracy: 0.9 },
  feedback: null,
};

/** Builds an answer with a JSON body. */
export function json(body: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(body), init);
}

/** Builds an error answer in the gateway's shape. */
export function error(status: number, code: string, headers: Record<string, string> = {}) {
  return json({ error: { code, message: `told: ${code}` } }, { status, headers });
}

type Answers = (() => Response | Promise<Response>)[];

/** Puts a stand-in for fetch in place, which gives the answers in turn and then the last again. */
export function stubFetch(...answers: Answers) {
  let calls = 0;
  const stub = vi.fn<typeof fetch>(async () => {
    const answer = answers[Math.min(calls++, answers.length - 1)];
    if (answer === undefined) throw new Error("no answer was set up");
    return answer();
  });
  vi.stubGlobal("fetch", stub);
  return stub;
}

/**
 * Puts a service in place that answers requests for a verdict in turn, and what is asked beside
 * them as `besides` says: by path, 404 for any other.
 */
export function stubService(answers: Answers, besides: Record<string, unknown> = {}) {
  const verdicts = stubFetch(...answers);
  vi.stubGlobal("fetch", (path: string, init?: RequestInit) => {
    if (path === "/explain" || path === "/predict") return verdicts(path, init);
    const body = besides[path];
    return Promise.resolve(body === undefined ? error(404, "not_found") : json(body));
  });
  return verdicts;
}

/** Puts a fetch in place that answers only when told to, and rejects when aborted, as fetch does. */
export function stubHeldFetch() {
  const held: { path: string; signal: AbortSignal; answer: (response: Response) => void }[] = [];
  vi.stubGlobal("fetch", (path: string, { signal }: { signal: AbortSignal }) => {
    return new Promise<Response>((resolve, reject) => {
      const abort = () => {
        reject(new DOMException("aborted", "AbortError"));
      };
      held.push({ path, signal, answer: resolve });
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort);
    });
  });
  return held;
}

/** Reads the review out of the nth request that was sent. */
export function sentReview(stub: ReturnType<typeof stubFetch>, call: number): unknown {
  const body = stub.mock.calls[call]?.[1]?.body;
  return typeof body === "string" ? (JSON.parse(body) as { review: unknown }).review : undefined;
}
