import { vi } from "vitest";

/** A scored review as the gateway sends it; labels are invented, as the page must not know any. */
export const PREDICTION = {
  label: "ripe",
  confidence: 0.93,
  probabilities: { unripe: 0.05, ripe: 0.93, rotten: 0.02 },
  tokens: 42,
  truncated: false,
};

/** Builds an answer with a JSON body. */
export function json(body: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(body), init);
}

/** Builds an error answer in the gateway's shape. */
export function error(status: number, code: string, headers: Record<string, string> = {}) {
  return json({ error: { code, message: `told: ${code}` } }, { status, headers });
}

/** Puts a stand-in for fetch in place, which gives the answers in turn and then the last again. */
export function stubFetch(...answers: (() => Response | Promise<Response>)[]) {
  let calls = 0;
  const stub = vi.fn<typeof fetch>(async () => {
    const answer = answers[Math.min(calls++, answers.length - 1)];
    if (answer === undefined) throw new Error("no answer was set up");
    return answer();
  });
  vi.stubGlobal("fetch", stub);
  return stub;
}

/** Puts a fetch in place that answers only when told to, and rejects when aborted, as fetch does. */
export function stubHeldFetch() {
  const held: { signal: AbortSignal; answer: (response: Response) => void }[] = [];
  vi.stubGlobal("fetch", (_url: string, { signal }: { signal: AbortSignal }) => {
    return new Promise<Response>((resolve, reject) => {
      held.push({ signal, answer: resolve });
      signal.addEventListener("abort", () => {
        reject(new DOMException("aborted", "AbortError"));
      });
    });
  });
  return held;
}

/** Reads the review out of the nth request that was sent. */
export function sentReview(stub: ReturnType<typeof stubFetch>, call: number): unknown {
  const body = stub.mock.calls[call]?.[1]?.body;
  return typeof body === "string" ? (JSON.parse(body) as { review: unknown }).review : undefined;
}
