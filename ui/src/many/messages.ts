import type { Format, Row } from "./table";

/** What the page asks of the parser's worker. */
export interface ParseRequest {
  readonly source: File | string;
  /** Null to guess. */
  readonly format: Format | null;
}

/** What the worker answers: rows in several messages, then the end; or what is wrong. */
export type ParseAnswer =
  | { readonly kind: "rows"; readonly rows: readonly Row[] }
  | { readonly kind: "done"; readonly format: Format; readonly note: string | null }
  | { readonly kind: "failed"; readonly message: string };
