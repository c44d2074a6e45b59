import { describe, expect, it } from "vitest";

import { readModel, UNKNOWN_MODEL } from "../src/api/model";
import { headlineOf, speak } from "../src/verdict/stance";
import { EXPLANATION, MODEL, PREDICTION } from "./answers";

const CLEAR = { prediction: PREDICTION, explanation: null };
const UNSURE = {
  prediction: {
    ...PREDICTION,
    certain: false,
    confidence: 0.58,
    probabilities: { unripe: 0.42, ripe: 0.58 },
  },
  explanation: null,
};
const MIXED = {
  prediction: PREDICTION,
  explanation: { ...EXPLANATION, mixed: true, read: [[0, 6] as const] },
};

describe("headlineOf", () => {
  it.each([
    ["a label", CLEAR, "clear", "Ripe", "Very sure, 93.0%."],
    [
      "no label",
      UNSURE,
      "unsure",
      "Not sure",
      "It could be unripe or ripe. It leans to ripe, 58.0%.",
    ],
    ["both", MIXED, "mixed", "Mixed", /Taken together: ripe, 93\.0%\./],
  ])("gives the verdict as %s", (_what, answer, stance, word, confidence) => {
    const headline = headlineOf(answer, UNKNOWN_MODEL);
    expect(headline).toMatchObject({ stance, word });
    expect(headline.confidence).toMatch(confidence);
  });

  it.each([
    [0.58, "of 100 fruit reviews scored like this one, about 58 are ripe"],
    [0.9971, "of 1,000 fruit reviews scored like this one, about 997 are ripe"],
    [1, "of 1,000 fruit reviews scored like this one, about 999 are ripe"],
  ])("says what %d means", (confidence, meaning) => {
    const answer = { prediction: { ...PREDICTION, confidence }, explanation: null };
    expect(headlineOf(answer, readModel(MODEL)).meaning).toContain(meaning);
  });

  it("says how far percentages were off in tests, where that is known", () => {
    const measured = readModel({ ...MODEL, figures: { ece: 0.0214 } });
    expect(headlineOf(CLEAR, measured).meaning).toContain("off by 2.1 points on average");
    expect(headlineOf(CLEAR, readModel(MODEL)).meaning).not.toContain("off by");
  });

  it("names the threshold only where the model is not sure", () => {
    expect(headlineOf(UNSURE, readModel(MODEL)).meaning).toContain("Below 75.0%");
    expect(headlineOf(CLEAR, readModel(MODEL)).meaning).not.toContain("Below");
  });
});

it("speaks a verdict in one line", () => {
  expect(speak(headlineOf(CLEAR, UNKNOWN_MODEL))).toBe("Verdict: Ripe. Very sure, 93.0%.");
});

describe("readModel", () => {
  it("writes the language out", () => {
    expect(readModel(MODEL).language).toBe("English");
    expect(readModel({ ...MODEL, language: "plain English" }).language).toBe("plain English");
  });

  it.each([undefined, null, "model", [], {}])("knows nothing from %o", (body) => {
    expect(readModel(body)).toEqual(UNKNOWN_MODEL);
  });

  it("leaves out what cannot be used", () => {
    const model = readModel({ name: 5, labels: [1], threshold: "high", figures: { a: 1, b: "2" } });
    expect(model).toEqual({ ...UNKNOWN_MODEL, figures: { a: 1 } });
  });
});
