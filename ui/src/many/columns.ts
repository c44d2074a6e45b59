import type { Row } from "./table";

/** Which rows hold reviews and where in them. */
export interface Layout {
  /** Whether the first row holds the columns' names. */
  readonly hasHeader: boolean;
  readonly names: readonly string[];
  /** Index of the column with the reviews. */
  readonly column: number;
}

const REVIEW_NAMES = /^(review|reviews|text|comment|comments|content|body|sentence|message)$/i;
const LOOKED_AT = 50;

/** Guesses where the reviews are: in a column named so, or else in the one with most text. */
export function guessLayout(rows: readonly Row[]): Layout {
  const first = rows[0]?.cells ?? [];
  const width = Math.max(...rows.slice(0, LOOKED_AT).map(({ cells }) => cells.length), 1);
  const named = first.findIndex((name) => REVIEW_NAMES.test(name.trim()));
  const hasHeader = named !== -1 || looksLikeNames(first, rows);
  return layoutOf(rows, hasHeader, named === -1 ? longest(rows, width, hasHeader) : named);
}

/** Describes the columns of rows of which the first may hold their names. */
export function layoutOf(rows: readonly Row[], hasHeader: boolean, column: number): Layout {
  const width = rows.reduce((widest, { cells }) => Math.max(widest, cells.length), 1);
  const first = hasHeader ? (rows[0]?.cells ?? []) : [];
  const names = Array.from({ length: width }, (_, index) => {
    const name = first[index]?.trim() ?? "";
    return name === "" ? `column ${index + 1}` : name;
  });
  return { hasHeader, names, column };
}

/** The rows below the header. */
export function rowsBelowHeader(rows: readonly Row[], { hasHeader }: Layout): readonly Row[] {
  return hasHeader ? rows.slice(1) : rows;
}

function looksLikeNames(first: readonly string[], rows: readonly Row[]): boolean {
  if (first.length < 2 || rows.length < 2) return false;
  return first.every((name) => /^[\p{L}_][\p{L}\p{N}_ -]{0,29}$/u.test(name.trim()));
}

function longest(rows: readonly Row[], width: number, hasHeader: boolean): number {
  const looked = rows.slice(hasHeader ? 1 : 0, LOOKED_AT);
  const lengths = Array.from({ length: width }, (_, index) =>
    looked.reduce((sum, { cells }) => sum + (cells[index]?.length ?? 0), 0),
  );
  return lengths.indexOf(Math.max(...lengths));
}
