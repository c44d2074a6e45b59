import Papa from "papaparse";

import type { Outcome } from "../api/predictMany";
import type { Layout } from "./columns";
import type { Row } from "./table";

const RESULT_NAMES = ["label", "confidence", "certain", "tokens", "truncated", "error"];
// What a spreadsheet would take for a formula, the full-width signs included; numbers stay numbers.
const FORMULA = /^(?![+-]?\d+(?:[.,]\d+)?$)[=+\-@\t\r\n＝＋－＠]/;
const ROWS_A_PART = 250;

/**
 * Writes the results as parts of a CSV file: all columns of the input, then the verdict's. Yields
 * between the parts, so that the page can be used meanwhile.
 */
export async function csvParts(
  rows: readonly Row[],
  outcomes: readonly (Outcome | undefined)[],
  layout: Layout,
  labels: readonly string[],
): Promise<string[]> {
  const header = [...layout.names, ...resultNames(layout.names, labels)];
  // The mark tells spreadsheets that this is UTF-8.
  const parts = [`\uFEFF${toCsv([header])}`];
  for (let start = 0; start < rows.length; start += ROWS_A_PART) {
    const lines = rows
      .slice(start, start + ROWS_A_PART)
      .map((row, index) => [
        ...padded(row.cells, layout.names.length),
        ...resultCells(row, outcomes[start + index], labels),
      ]);
    parts.push(toCsv(lines));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return parts;
}

/** Names the added columns; one that the input has already is called "verdict …". */
function resultNames(taken: readonly string[], labels: readonly string[]): string[] {
  const names = [...RESULT_NAMES, ...labels.map((label) => `probability of ${label}`)];
  return names.map((name) => (taken.includes(name) ? `verdict ${name}` : name));
}

function resultCells(row: Row, outcome: Outcome | undefined, labels: readonly string[]): string[] {
  const without = (reason: string) => ["", "", "", "", "", reason, ...labels.map(() => "")];
  if (outcome === undefined) return without(row.problem ?? "not scored");
  if ("error" in outcome) return without(outcome.error.message);
  const { label, confidence, certain, tokens, truncated, probabilities } = outcome.prediction;
  return [
    label,
    confidence.toFixed(4),
    String(certain),
    String(tokens),
    String(truncated),
    "",
    ...labels.map((name) => probabilities[name]?.toFixed(4) ?? ""),
  ];
}

function padded(cells: readonly string[], width: number): string[] {
  return Array.from({ length: width }, (_, index) => cells[index] ?? "");
}

function toCsv(lines: string[][]): string {
  return `${Papa.unparse(lines, { escapeFormulae: FORMULA, newline: "\r\n" })}\r\n`;
}

/** Hands a file to the reader. */
export function save(parts: readonly string[], name: string): void {
  const address = URL.createObjectURL(new Blob([...parts], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(address);
  }, 10_000);
}
