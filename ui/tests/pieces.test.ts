import { describe, expect, it } from "vitest";

import type { Explanation } from "../src/api/explanation";
import { cutIntoPieces, sliceCodePoints, weigh } from "../src/verdict/pieces";
import { labelOf, toneOf } from "../src/verdict/tone";

const sentence = (start: number, end: number) => ({
  start,
  end,
  label: "ripe",
  confidence: 0.9,
  contribution: 1,
});

function explain(part: Partial<Explanation>, length: number): Explanation {
  const explained = { network: "fp32", label: "ripe", confidence: 0.9 };
  const nothing = { words: [], sentences: [], mixed: false, method: "", explained };
  return { ...nothing, read: [[0, length]], ...part };
}

describe("cutIntoPieces", () => {
  it.each([
    ["nothing to mark", "plain", explain({}, 5)],
    ["an empty text", "", explain({}, 0)],
    ["emoji", "🎬 fine 🍿", explain({ words: [{ start: 2, end: 6, contribution: 1 }] }, 8)],
    ["combining", "cafe\u0301 x", explain({ words: [{ start: 0, end: 5, contribution: 1 }] }, 7)],
    ["beyond the end", "ab", explain({ words: [{ start: 1, end: 9, contribution: 1 }] }, 2)],
  ])("joined, the pieces are the whole text: %s", (_what, text, explanation) => {
    const pieces = cutIntoPieces(text, explanation);
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
  });

  it("counts code points, as the service does", () => {
    const explanation = explain({ words: [{ start: 2, end: 6, contribution: -1 }] }, 8);
    const marked = cutIntoPieces("🎬 fine 🍿", explanation).filter((piece) => piece.weight > 0);
    expect(marked.map(({ text, contribution }) => [text, contribution])).toEqual([["fine", -1]]);
  });

  it("tells which sentence a piece belongs to", () => {
    const explanation = explain({ sentences: [sentence(0, 2), sentence(3, 5)] }, 5);
    const pieces = cutIntoPieces("A. B.", explanation);
    expect(pieces.map((piece) => [piece.text, piece.sentence])).toEqual([
      ["A.", 0],
      [" ", null],
      ["B.", 1],
    ]);
  });

  it("leaves what was not read in one piece", () => {
    const words = [0, 2, 4, 6].map((start) => ({ start, end: start + 1, contribution: 1 }));
    const read = [
      [0, 1],
      [6, 7],
    ] as const;
    const pieces = cutIntoPieces("a b c d", explain({ words, read }, 7));
    expect(pieces.map((piece) => [piece.text, piece.read])).toEqual([
      ["a", true],
      [" b c ", false],
      ["d", true],
    ]);
  });
});

it.each([
  [1, 1, 3],
  [-1, 1, 3],
  [0.4, 1, 2],
  [0.2, 1, 1],
  [0.05, 1, 0],
  [0, 0, 0],
])("weighs %d beside %d as %i", (contribution, heaviest, weight) => {
  expect(weigh(contribution, heaviest)).toBe(weight);
});

it("slices by code points", () => {
  expect(sliceCodePoints("🎬a🍿b", 1, 3)).toBe("a🍿");
});

describe("toneOf", () => {
  it.each([
    ["unripe", ["unripe", "ripe"], "low"],
    ["ripe", ["unripe", "ripe"], "high"],
    ["green", ["unripe", "ripe"], "plain"],
    ["ripe", ["unripe", "ripe", "rotten"], "plain"],
    ["ripe", [], "plain"],
  ])("draws %s of %o as %s", (label, labels, tone) => {
    expect(toneOf(label, labels)).toBe(tone);
  });
});

describe("labelOf", () => {
  it.each([
    [1, ["unripe", "ripe"], "ripe"],
    [-1, ["unripe", "ripe"], "unripe"],
    [-1, ["unripe", "ripe", "rotten"], null],
  ])("says for whom a contribution of %i speaks among %o", (contribution, labels, label) => {
    expect(labelOf(contribution, "ripe", labels)).toBe(label);
  });
});
