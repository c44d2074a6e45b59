import { describe, expect, it } from "vitest";

import { PredictionFailure, TIMED_OUT, UNREACHABLE, UNREADABLE } from "../src/api/failure";
import { EMPTY, explainFailure, findProblem, TOO_LONG } from "../src/problem";
import {
  CHARACTER_LIMIT,
  countCharacters,
  describeConfidence,
  formatMilliseconds,
  formatPercent,
} from "../src/wording";

describe("countCharacters", () => {
  it.each([
    ["", 0],
    ["Zoë", 3],
    ["🎬🍿", 2],
    ["a\n b", 4],
    ["\ud83c", 1],
  ])("counts %o as %i, as the gateway does", (text, count) => {
    expect(countCharacters(text)).toBe(count);
  });
});

describe("formatPercent", () => {
  it.each([
    [0, "0.0%"],
    [0.0004, "<0.1%"],
    [0.0179, "1.8%"],
    [0.5, "50.0%"],
    [0.9996, ">99.9%"],
    [1, "100.0%"],
  ])("writes %d as %s", (probability, text) => {
    expect(formatPercent(probability)).toBe(text);
  });
});

it("writes durations to a useful precision", () => {
  expect([0.42, 8.44, 10.9, 1520].map(formatMilliseconds)).toEqual([
    "0.4 ms",
    "8.4 ms",
    "11 ms",
    "1520 ms",
  ]);
});

it("puts rising confidence into different words", () => {
  const words = [0.3, 0.65, 0.8, 0.95, 0.995].map(describeConfidence);
  expect(new Set(words).size).toBe(5);
  expect(words[0]).toBe("Not sure");
});

describe("findProblem", () => {
  it.each([
    ["", EMPTY],
    [" \n\t ", EMPTY],
    ["fine", null],
    ["x".repeat(CHARACTER_LIMIT), null],
    ["🎬".repeat(CHARACTER_LIMIT), null],
    ["x".repeat(CHARACTER_LIMIT + 1), TOO_LONG],
  ])("judges what can be sent", (review, problem) => {
    expect(findProblem(review)).toBe(problem);
  });
});

describe("explainFailure", () => {
  it.each([
    [400, "invalid_text", true],
    [413, "body_too_large", true],
    [429, "queue_full", false],
    [500, "internal", false],
    [502, "upstream_failed", false],
    [503, "not_ready", false],
    [504, "upstream_timeout", false],
    [0, UNREACHABLE, false],
    [0, TIMED_OUT, false],
    [200, UNREADABLE, false],
  ])("says of %i %s whether the review must change", (status, code, inReview) => {
    const problem = explainFailure(new PredictionFailure(status, code, "Remove the NUL."));
    expect(problem.inReview).toBe(inReview);
    expect(problem.title).toMatch(/\.$/);
    expect(problem.detail).not.toBe("");
  });

  it("passes on the server's message where the review must change", () => {
    const failure = new PredictionFailure(400, "invalid_text", "Remove the NUL.");
    expect(explainFailure(failure).detail).toBe("Remove the NUL.");
  });

  it.each([
    [1, "wait 1 second."],
    [30, "wait 30 seconds."],
  ])("names a wait of %i", (seconds, text) => {
    const problem = explainFailure(new PredictionFailure(503, "not_ready", "", seconds));
    expect(problem.waitSeconds).toBe(seconds);
    expect(problem.detail).toContain(text);
  });

  it("names no wait when none is asked for", () => {
    const problem = explainFailure(new PredictionFailure(503, "not_ready", "", null));
    expect(problem.waitSeconds).toBe(0);
    expect(problem.detail).not.toContain("second");
  });
});
