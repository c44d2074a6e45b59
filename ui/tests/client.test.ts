import { describe, expect, it, vi } from "vitest";

import { judge } from "../src/api/judge";
import { call } from "../src/api/http";
import {
  parseRetryAfter,
  RequestFailure,
  TIMED_OUT,
  UNREACHABLE,
  UNREADABLE,
} from "../src/api/failure";
import {
  error,
  EXPLANATION,
  json,
  PREDICTION,
  sentReview,
  stubFetch,
  stubHeldFetch,
} from "./answers";

const NEVER = new AbortController().signal;

async function failureOf(attempt: Promise<unknown>): Promise<RequestFailure> {
  const failure: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (failure instanceof RequestFailure) return failure;
  throw new Error("expected a RequestFailure");
}

const predict = (review: string, signal = NEVER) => judge(review, signal, { explains: false });

describe("a verdict alone", () => {
  it("posts the review as it is to the page's own origin", async () => {
    const fetchStub = stubFetch(() => json(PREDICTION));
    await predict("  Line one\nline two 🎬 ");
    expect(fetchStub.mock.calls[0]?.[0]).toBe("/predict");
    expect(fetchStub.mock.calls[0]?.[1]?.method).toBe("POST");
    expect(sentReview(fetchStub, 0)).toBe("  Line one\nline two 🎬 ");
  });

  it("gives the prediction, the version, the servers' stages and the round trip", async () => {
    const headers = {
      "Server-Timing": 'read;dur=1.5, think;dur=8;desc="int8"',
      "X-Model-Version": "abc",
    };
    stubFetch(() => json(PREDICTION, { headers }));
    const answer = await predict("fine");
    expect(answer).toMatchObject({ prediction: PREDICTION, explanation: null, version: "abc" });
    expect(answer.stages.map((stage) => stage.name)).toEqual(["read", "think"]);
    expect(answer.roundTripMilliseconds).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ["not an object", "ripe"],
    ["a list", [PREDICTION]],
    ["no probabilities", { ...PREDICTION, probabilities: undefined }],
    ["a probability above one", { ...PREDICTION, probabilities: { ripe: 1.2 } }],
    ["a probability that is text", { ...PREDICTION, probabilities: { ripe: "0.9" } }],
    ["a label without probability", { ...PREDICTION, label: "green" }],
    ["a confidence that is text", { ...PREDICTION, confidence: "high" }],
    ["half a token", { ...PREDICTION, tokens: 1.5 }],
    ["truncated missing", { ...PREDICTION, truncated: undefined }],
    ["certain as a number", { ...PREDICTION, certain: 1 }],
  ])("refuses an answer with %s", async (_what, body) => {
    stubFetch(() => json(body));
    expect((await failureOf(predict("fine"))).code).toBe(UNREADABLE);
  });

  it("refuses an answer that is not JSON", async () => {
    stubFetch(() => new Response("<!doctype html>"));
    expect((await failureOf(predict("fine"))).code).toBe(UNREADABLE);
  });

  it("passes on the server's error with its wait", async () => {
    stubFetch(() => error(429, "queue_full", { "Retry-After": "7" }));
    const failure = await failureOf(predict("fine"));
    expect(failure).toMatchObject({ status: 429, code: "queue_full", retryAfterSeconds: 7 });
    expect(failure.message).toBe("told: queue_full");
  });

  it("keeps the status of an error whose body says nothing", async () => {
    stubFetch(() => new Response("Bad gateway", { status: 502 }));
    const failure = await failureOf(predict("fine"));
    expect(failure).toMatchObject({ status: 502, code: UNREADABLE, retryAfterSeconds: null });
  });

  it("tells a lost connection", async () => {
    stubFetch(() => Promise.reject(new TypeError("Failed to fetch")));
    expect(await failureOf(predict("fine"))).toMatchObject({ status: 0, code: UNREACHABLE });
  });
});

describe("a verdict with its explanation", () => {
  it("takes both from one request", async () => {
    const fetchStub = stubFetch(() => json({ ...PREDICTION, ...EXPLANATION }));
    const answer = await judge("Juicy.", NEVER, { explains: true });
    expect(answer).toMatchObject({ explanation: EXPLANATION, explanationFailed: false });
    expect(fetchStub.mock.calls.map(([path]) => path)).toEqual(["/explain"]);
  });

  it("asks for the verdict alone, now and later, where the service does not explain", async () => {
    const fetchStub = stubFetch(
      () => error(404, "not_found"),
      () => json(PREDICTION),
    );
    const offer = { explains: true };
    const answer = await judge("Juicy.", NEVER, offer);
    expect(answer).toMatchObject({ explanation: null, explanationFailed: false });
    await judge("Juicy.", NEVER, offer);
    expect(fetchStub.mock.calls.map(([path]) => path)).toEqual([
      "/explain",
      "/predict",
      "/predict",
    ]);
  });

  it.each([429, 500, 502, 504])(
    "gives the verdict when explaining fails with %i",
    async (status) => {
      stubFetch(
        () => error(status, "failed"),
        () => json(PREDICTION),
      );
      const offer = { explains: true };
      const answer = await judge("Juicy.", NEVER, offer);
      expect(answer).toMatchObject({ explanation: null, explanationFailed: true });
      expect(offer.explains).toBe(true);
    },
  );

  it.each([400, 413, 503])("does not ask twice after %i", async (status) => {
    const fetchStub = stubFetch(() => error(status, "refused"));
    expect((await failureOf(judge("Juicy.", NEVER, { explains: true }))).status).toBe(status);
    expect(fetchStub).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["words", { words: [{ start: 2, end: 1, contribution: 1 }] }],
    ["sentences", { sentences: [{ start: 0, end: 1, contribution: 1 }] }],
    ["mixed", { mixed: "no" }],
    ["read", { read: [[0]] }],
  ])("does without an explanation whose %s cannot be read", async (_what, broken) => {
    stubFetch(() => json({ ...PREDICTION, ...EXPLANATION, ...broken }));
    const answer = await judge("Juicy.", NEVER, { explains: true });
    expect(answer).toMatchObject({ explanation: null, explanationFailed: true });
  });
});

describe("call", () => {
  it("gives up after its time limit", async () => {
    stubHeldFetch();
    expect((await failureOf(call("/model", { timeLimit: 5 }))).code).toBe(TIMED_OUT);
  });

  it("aborts the request when told to, in browsers without AbortSignal.any too", async () => {
    vi.stubGlobal("AbortSignal", undefined);
    const held = stubHeldFetch();
    const controller = new AbortController();
    const attempt = failureOf(call("/model", { signal: controller.signal }));
    controller.abort();
    await attempt;
    expect(held[0]?.signal.aborted).toBe(true);
  });

  it("sends nothing for who has aborted before", async () => {
    const held = stubHeldFetch();
    const controller = new AbortController();
    controller.abort();
    await failureOf(call("/model", { signal: controller.signal }));
    expect(held.every(({ signal }) => signal.aborted)).toBe(true);
  });
});

describe("parseRetryAfter", () => {
  const now = Date.parse("2030-01-01T00:00:00Z");

  it.each([
    [null, null],
    ["", null],
    ["soon", null],
    ["0", 0],
    ["12", 12],
    ["Tue, 01 Jan 2030 00:00:30 GMT", 30],
    ["Mon, 31 Dec 2029 23:59:00 GMT", 0],
  ])("reads %o as %o", (header, seconds) => {
    expect(parseRetryAfter(header, now)).toBe(seconds);
  });
});
