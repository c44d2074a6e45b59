import { formatCount } from "../shared/wording";

/** A file or text that cannot become rows; the message says why and what to do instead. */
export class UnreadableFile extends Error {}

export const MAX_BYTES = 100_000_000;
export const MAX_ROWS = 50_000;

export const USE_INSTEAD =
  "For more, use the project's command for many reviews: `make score IN=reviews.csv OUT=scores.csv`.";

/** Text out of a file, and what the reader should know about how it was read. */
export interface Decoded {
  readonly text: string;
  readonly note: string | null;
}

/** Refuses a file that is too large before any of it is read. */
export function checkSize(bytes: number): void {
  if (bytes === 0) throw new UnreadableFile("This file is empty: expected a review in every row.");
  if (bytes <= MAX_BYTES) return;
  const [found, limit] = [bytes, MAX_BYTES].map((count) => formatCount(Math.round(count / 1e6)));
  throw new UnreadableFile(
    `This file has ${found ?? ""} MB; the page takes up to ${limit ?? ""} MB. ${USE_INSTEAD}`,
  );
}

const UTF16: Readonly<Record<string, string>> = { "255,254": "utf-16le", "254,255": "utf-16be" };
const LOOKED_AT = 65_536;

/** Decodes a file as UTF-8, UTF-16 with its mark, or else Windows-1252; refuses what is no text. */
export function decode(bytes: Uint8Array): Decoded {
  checkSize(bytes.length);
  const utf16 = UTF16[bytes.subarray(0, 2).join(",")];
  if (utf16 !== undefined) {
    return { text: new TextDecoder(utf16).decode(bytes), note: "Read as UTF-16." };
  }
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    throw new UnreadableFile(
      "This is a spreadsheet or an archive, not text: save it as CSV first.",
    );
  }
  if (bytes.subarray(0, LOOKED_AT).includes(0)) {
    throw new UnreadableFile("This file is not text: expected CSV, TSV or plain text in UTF-8.");
  }
  return decodeBytes(bytes);
}

function decodeBytes(bytes: Uint8Array): Decoded {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), note: null };
  } catch {
    const text = new TextDecoder("windows-1252").decode(bytes);
    return {
      text,
      note: "This file is not UTF-8; it was read as Windows-1252 (Western European).",
    };
  }
}
