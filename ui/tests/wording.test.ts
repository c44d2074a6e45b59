import { describe, expect, it, vi } from "vitest";

import { RequestFailure, TIMED_OUT, UNREACHABLE, UNREADABLE } from "../src/api/failure";
import { EMPTY, explainFailure, findProblem, TOO_LONG } from "../src/review/problem";
import {
  capitalize,
  CHARACTER_LIMIT,
  countCharacters,
  excerpt,
  formatCounted,
  formatMilliseconds,
  formatPercent,
  joinWords,
} from "../src/shared/wording";
import { describeConfidence } from "../src/verdict/stance";

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
  expect(words[0]).toBe("Hardly more than a guess");
});

describe("joinWords", () => {
  it.each([
    [[], ""],
    [["a"], "a"],
    [["a", "b"], "a or b"],
    [["a", "b", "c"], "a, b or c"],
  ])("joins %o as %o", (words, text) => {
    expect(joinWords(words, "or")).toBe(text);
  });
});

it.each([
  [1, "1 row"],
  [2000, "2,000 rows"],
])("counts %i as %o", (count, text) => {
  expect(formatCounted(count, "row")).toBe(text);
});

it.each([
  ["", ""],
  ["éclair", "Éclair"],
  ["🎬 film", "🎬 film"],
])("capitalizes %o as %o", (text, capital) => {
  expect(capitalize(text)).toBe(capital);
});

it.each([
  ["short", "short"],
  ["two\n lines", "two lines"],
  ["more than ten letters", "more than…"],
])("takes out of %o the line %o", (text, line) => {
  expect(excerpt(text, 10)).toBe(line);
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
    const problem = explainFailure(new RequestFailure(status, code, "Remove the NUL."));
    expect(problem.inReview).toBe(inReview);
    expect(problem.title).toMatch(/\.$/);
    expect(problem.detail).not.toBe("");
  });

  it.each([
    [0, UNREACHABLE, "its gateway does not answer"],
    [502, "upstream_unreachable", "the model server behind it does not answer"],
    [502, "upstream_failed", "broke off"],
    [503, "not_ready", "The gateway works"],
    [504, "upstream_timeout", "hangs"],
  ])("says which part is down for %i %s", (status, code, part) => {
    expect(explainFailure(new RequestFailure(status, code, "")).detail).toContain(part);
  });

  it("tells who is offline that the device is", () => {
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    expect(explainFailure(new RequestFailure(0, UNREACHABLE, "")).detail).toContain("offline");
  });

  it("passes on the server's message where the review must change", () => {
    const failure = new RequestFailure(400, "invalid_text", "Remove the NUL.");
    expect(explainFailure(failure).detail).toBe("Remove the NUL.");
  });

  it.each([
    [1, "wait 1 second."],
    [30, "wait 30 seconds."],
  ])("names a wait of %i", (seconds, text) => {
    const problem = explainFailure(new RequestFailure(503, "not_ready", "", seconds));
    expect(problem.waitSeconds).toBe(seconds);
    expect(problem.detail).toContain(text);
  });

  it("names no wait when none is asked for", () => {
    const problem = explainFailure(new RequestFailure(503, "not_ready", "", null));
    expect(problem.waitSeconds).toBe(0);
    expect(problem.detail).not.toContain("second");
  });
});
