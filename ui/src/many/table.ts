import Papa from "papaparse";

import { MAX_ROWS, UnreadableFile, USE_INSTEAD } from "./decode";
import { formatCount } from "../shared/wording";

/** How a text is cut into rows. */
export type Format = "comma" | "tab" | "lines";

/** One row as it stood in the file. */
export interface Row {
  readonly cells: readonly string[];
  /** What is wrong with the row itself; null for most. */
  readonly problem: string | null;
}

const ODD_QUOTE = "A quote stands where none may: write it twice inside a quoted cell.";
const COMMAS = [",", ";", "|"];
const TABLE_NAMES: Readonly<Record<string, Format>> = { csv: "comma", tsv: "tab", tab: "tab" };

/** Guesses how a text is cut into rows, by the file's name or else by its first lines. */
export function guessFormat(text: string, name: string | null): Format {
  const byName = TABLE_NAMES[name?.split(".").at(-1)?.toLowerCase() ?? ""];
  if (byName !== undefined) return byName;
  const lines = text
    .slice(0, 20_000)
    .split("\n", 6)
    .filter((line) => line.trim() !== "");
  if (lines.length > 0 && lines.every((line) => line.includes("\t"))) return "tab";
  return startsLikeTable(lines[0] ?? "") ? "comma" : "lines";
}

/** A header of short names, or a first cell in quotes that a comma follows. */
function startsLikeTable(line: string): boolean {
  if (/^"(?:[^"]|"")*"\s*[,;|]/.test(line)) return true;
  const names = line.split(/[,;|]/);
  return names.length > 1 && names.every((name) => /^\s*"?[\w -]{1,30}"?\s*$/.test(name));
}

/** Cuts a text into rows; lines without any text are left out. Throws UnreadableFile. */
export function cutIntoRows(text: string, format: Format): Row[] {
  const rows = (format === "lines" ? cutLines(text) : cutCells(text, format)).filter(
    ({ cells, problem }) => problem !== null || cells.length > 1 || (cells[0] ?? "").trim() !== "",
  );
  if (rows.length === 0) {
    throw new UnreadableFile("There is no text in it: expected a review in every row.");
  }
  if (rows.length > MAX_ROWS) {
    throw new UnreadableFile(
      `There are more than ${formatCount(MAX_ROWS)} rows, the most that the page takes. ${USE_INSTEAD}`,
    );
  }
  return rows;
}

// One row more than allowed is enough to know that there are too many; a header may come on top.
const ENOUGH = MAX_ROWS + 2;

function cutLines(text: string): Row[] {
  return text.split(/\r\n|\r|\n/, 2 * ENOUGH).map((line) => ({ cells: [line], problem: null }));
}

/**
 * Cuts a table into cells. A quote that never closes would swallow all that follows: its line is
 * set aside, and the lines after it are read as rows again.
 */
function cutCells(text: string, format: "comma" | "tab"): Row[] {
  const rows: Row[] = [];
  let rest = text;
  while (rest !== "" && rows.length < ENOUGH) {
    const { data, errors } = parse(rest, format);
    const open = errors.find((error) => error.code === "MissingQuotes");
    const whole = open?.row === undefined ? data : data.slice(0, open.row);
    const odd = new Set(
      errors.filter(({ code }) => code === "InvalidQuotes").map(({ row }) => row),
    );
    for (const [index, cells] of whole.entries()) {
      rows.push({ cells, problem: odd.has(index) ? ODD_QUOTE : null });
    }
    if (open?.index === undefined) break;
    const lineStart = rest.lastIndexOf("\n", open.index) + 1;
    const lineEnd = rest.indexOf("\n", open.index);
    const line = rest.slice(lineStart, lineEnd === -1 ? undefined : lineEnd);
    rows.push({ cells: [line], problem: "A quote opens in this row and never closes." });
    rest = lineEnd === -1 ? "" : rest.slice(lineEnd + 1);
  }
  return rows;
}

function parse(text: string, format: "comma" | "tab"): Papa.ParseResult<string[]> {
  const delimiter = format === "tab" ? "\t" : "";
  return Papa.parse<string[]>(text, { delimiter, delimitersToGuess: COMMAS, preview: ENOUGH });
}
