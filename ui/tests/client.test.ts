import { describe, expect, it } from "vitest";

import { predict } from "../src/api/client";
import {
  parseRetryAfter,
  PredictionFailure,
  TIMED_OUT,
  UNREACHABLE,
  UNREADABLE,
} from "../src/api/failure";
import { error, json, PREDICTION, sentReview, stubFetch, stubHeldFetch } from "./answers";

const NEVER = new AbortController().signal;

async function failureOf(attempt: Promise<unknown>): Promise<PredictionFailure> {
  const failure: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (failure instanceof PredictionFailure) return failure;
  throw new Error("expected a PredictionFailure");
}

describe("predict", () => {
  it("posts the review as it is to the page's own origin", async () => {
    const fetchStub = stubFetch(() => json(PREDICTION));
    await predict("  Line one\nline two 🎬 ", NEVER);
    expect(fetchStub.mock.calls[0]?.[0]).toBe("/predict");
    expect(fetchStub.mock.calls[0]?.[1]?.method).toBe("POST");
    expect(sentReview(fetchStub, 0)).toBe("  Line one\nline two 🎬 ");
  });

  it("gives the prediction, the servers' stages and the round trip", async () => {
    const headers = { "Server-Timing": 'read;dur=1.5, think;dur=8;desc="int8"' };
    stubFetch(() => json(PREDICTION, { headers }));
    const answer = await predict("fine", NEVER);
    expect(answer.prediction).toEqual(PREDICTION);
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
  ])("refuses an answer with %s", async (_what, body) => {
    stubFetch(() => json(body));
    expect((await failureOf(predict("fine", NEVER))).code).toBe(UNREADABLE);
  });

  it("refuses an answer that is not JSON", async () => {
    stubFetch(() => new Response("<!doctype html>"));
    expect((await failureOf(predict("fine", NEVER))).code).toBe(UNREADABLE);
  });

  it("passes on the server's error with its wait", async () => {
    stubFetch(() => error(429, "queue_full", { "Retry-After": "7" }));
    const failure = await failureOf(predict("fine", NEVER));
    expect(failure).toMatchObject({ status: 429, code: "queue_full", retryAfterSeconds: 7 });
    expect(failure.message).toBe("told: queue_full");
  });

  it("keeps the status of an error whose body says nothing", async () => {
    stubFetch(() => new Response("Bad gateway", { status: 502 }));
    const failure = await failureOf(predict("fine", NEVER));
    expect(failure).toMatchObject({ status: 502, code: UNREADABLE, retryAfterSeconds: null });
  });

  it("tells a lost connection", async () => {
    stubFetch(() => Promise.reject(new TypeError("Failed to fetch")));
    expect(await failureOf(predict("fine", NEVER))).toMatchObject({ status: 0, code: UNREACHABLE });
  });

  it("gives up after its time limit", async () => {
    stubHeldFetch();
    expect((await failureOf(predict("fine", NEVER, 5))).code).toBe(TIMED_OUT);
  });

  it("aborts the request when told to", async () => {
    const held = stubHeldFetch();
    const controller = new AbortController();
    const attempt = failureOf(predict("fine", controller.signal));
    controller.abort();
    await attempt;
    expect(held[0]?.signal.aborted).toBe(true);
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
