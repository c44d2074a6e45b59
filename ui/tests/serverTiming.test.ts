import { describe, expect, it } from "vitest";

import { parseServerTiming } from "../src/api/serverTiming";

describe("parseServerTiming", () => {
  it("reads names, durations and descriptions in order", () => {
    const header = 'tokenize;dur=1.2, inference;dur=8.4;desc="int8, fused", gateway ; dur=11';
    expect(parseServerTiming(header)).toEqual([
      { name: "tokenize", milliseconds: 1.2, description: null },
      { name: "inference", milliseconds: 8.4, description: "int8, fused" },
      { name: "gateway", milliseconds: 11, description: null },
    ]);
  });

  it("reads a bare description before the duration", () => {
    expect(parseServerTiming("engine;desc=bf16;dur=3")).toEqual([
      { name: "engine", milliseconds: 3, description: "bf16" },
    ]);
  });

  it.each([null, "", "cache", 'cache;desc="hit"', "slow;dur=unknown"])(
    "leaves out what has no duration: %o",
    (header) => {
      expect(parseServerTiming(header)).toEqual([]);
    },
  );
});
