import { describe, expect, it } from "vitest";

import { guessLayout, layoutOf, rowsBelowHeader } from "../src/many/columns";
import { checkSize, decode, MAX_BYTES, MAX_ROWS, UnreadableFile } from "../src/many/decode";
import { cutIntoRows, guessFormat } from "../src/many/table";

const bytes = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string) =>
  Uint8Array.from([0xff, 0xfe, ...Array.from(text).flatMap((letter) => [letter.charCodeAt(0), 0])]);
const cells = (text: string, format: "comma" | "tab" | "lines" = "comma") =>
  cutIntoRows(text, format).map((row) => [...row.cells]);
const problems = (text: string) => cutIntoRows(text, "comma").map((row) => row.problem !== null);

describe("decode", () => {
  it.each([
    ["UTF-8", bytes("Zoë 🎬"), "Zoë 🎬"],
    ["UTF-8 with its mark", Uint8Array.from([0xef, 0xbb, 0xbf, 0x61]), "a"],
    ["UTF-16", utf16("Zoë"), "Zoë"],
    ["Windows-1252", Uint8Array.from([0x5a, 0x6f, 0xeb]), "Zoë"],
  ])("reads %s", (_what, file, text) => {
    expect(decode(file).text).toBe(text);
  });

  it.each([
    ["an empty file", new Uint8Array(0), /empty/],
    ["a spreadsheet", Uint8Array.from([0x50, 0x4b, 3, 4]), /save it as CSV/],
    ["bytes that are no text", Uint8Array.from([1, 0, 2, 0, 3]), /not text/],
  ])("refuses %s", (_what, file, message) => {
    expect(() => decode(file)).toThrow(message);
  });

  it("refuses a huge file and says what to use instead", () => {
    expect(() => {
      checkSize(MAX_BYTES + 1);
    }).toThrow(/make score/);
  });
});

describe("guessFormat", () => {
  it.each([
    ["a\tb", "x.csv", "comma"],
    ["a,b", "x.TSV", "tab"],
    ["id\treview\n1\tFine", null, "tab"],
    ["id,review\n1,Fine", "x.txt", "comma"],
    ['"Fine, really",1', null, "comma"],
    ["Fine, warm and funny; go and see it!\nDull.", null, "lines"],
    ["", null, "lines"],
  ])("takes %o named %o for %s", (text, name, format) => {
    expect(guessFormat(text, name)).toBe(format);
  });
});

describe("cutIntoRows", () => {
  it.each([
    [
      "quotes, commas and line ends in cells",
      'a,"b ""c"", d\ne"\nf,g',
      [
        ["a", 'b "c", d\ne'],
        ["f", "g"],
      ],
    ],
    [
      "semicolons",
      "a;b\nc;d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["ragged rows", "a,b,c\nd\ne,f", [["a", "b", "c"], ["d"], ["e", "f"]]],
    [
      "lines without text",
      "a,b\n\n  \nc,d\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
  ])("reads %s", (_what, text, expected) => {
    expect(cells(text)).toEqual(expected);
  });

  it("reads lines of any end", () => {
    expect(cells("a\r\nb\rc\n\nd", "lines")).toEqual([["a"], ["b"], ["c"], ["d"]]);
  });

  it("loses one row, not the rest, to a quote that never closes", () => {
    const text = 'id,review\n1,Fine\n2,"Never closed\n3,Dull\n4,Good';
    expect(problems(text)).toEqual([false, false, true, false, false]);
    expect(cells(text).slice(3)).toEqual([
      ["3", "Dull"],
      ["4", "Good"],
    ]);
  });

  it("tells a quote where none may stand", () => {
    expect(problems('id,review\n1,"Fine" really\n2,Dull')).toContain(true);
  });

  it("reads two hundred columns", () => {
    const row = Array.from({ length: 200 }, (_, index) => `c${index}`);
    expect(cells(row.join(","))).toEqual([row]);
  });

  it.each(["lines", "comma"] as const)("refuses a million %s and says what to use", (format) => {
    expect(() => cutIntoRows("a,b\n".repeat(1_000_000), format)).toThrow(/50,000.*make score/);
    expect(cutIntoRows("a,b\n".repeat(MAX_ROWS), format)).toHaveLength(MAX_ROWS);
  });

  it("refuses a file without any text", () => {
    expect(() => cutIntoRows("\n \n", "lines")).toThrow(UnreadableFile);
  });
});

describe("guessLayout", () => {
  const layout = (text: string) => guessLayout(cutIntoRows(text, "comma"));

  it.each([
    ["by its name", "id,Review,note\n1,a,a long remark", true, 1],
    ["by its length", "id,words\n1,a long review\n2,another", true, 1],
    ["without a header", "7,It was fine!\n8,It was dull!", false, 1],
    ["in the only column", "It was fine!\nIt was dull!", false, 0],
  ])("finds the reviews %s", (_what, text, hasHeader, column) => {
    expect(layout(text)).toMatchObject({ hasHeader, column });
  });

  it("names columns that have no name, as many as the widest row has", () => {
    const rows = cutIntoRows("id,\n1,2,3", "comma");
    expect(layoutOf(rows, true, 0).names).toEqual(["id", "column 2", "column 3"]);
  });

  it("takes the header for no review", () => {
    const rows = cutIntoRows("id,review\n1,Fine", "comma");
    expect(rowsBelowHeader(rows, guessLayout(rows))).toHaveLength(1);
  });
});
