import { checkSize, decode, UnreadableFile } from "./decode";
import type { ParseAnswer, ParseRequest } from "./messages";
import { cutIntoRows, guessFormat } from "./table";

// Small enough that taking over one message does not hold up the page.
const ROWS_A_MESSAGE = 500;

self.addEventListener("message", ({ data }: MessageEvent<ParseRequest>) => {
  void parse(data).catch((error: unknown) => {
    const known = error instanceof UnreadableFile;
    answer({
      kind: "failed",
      message: known ? error.message : "This file could not be read: it may have moved or changed.",
    });
  });
});

async function parse({ source, format }: ParseRequest): Promise<void> {
  const { text, note } = await textOf(source);
  const name = typeof source === "string" ? null : source.name;
  const used = format ?? guessFormat(text, name);
  const rows = cutIntoRows(text, used);
  for (let start = 0; start < rows.length; start += ROWS_A_MESSAGE) {
    answer({ kind: "rows", rows: rows.slice(start, start + ROWS_A_MESSAGE) });
  }
  answer({ kind: "done", format: used, note });
}

async function textOf(source: File | string) {
  if (typeof source === "string") return { text: source, note: null };
  checkSize(source.size);
  return decode(new Uint8Array(await source.arrayBuffer()));
}

function answer(message: ParseAnswer): void {
  self.postMessage(message);
}
