import { UnreadableFile } from "./decode";
import type { ParseAnswer, ParseRequest } from "./messages";
import type { Format, Row } from "./table";

/** Rows out of a file or a pasted text, and how they were found. */
export interface Parsed {
  readonly rows: readonly Row[];
  readonly format: Format;
  readonly note: string | null;
}

/** Cuts a file or text into rows beside the page; throws UnreadableFile, or nothing if aborted. */
export function parse(request: ParseRequest, signal: AbortSignal): Promise<Parsed> {
  const worker = new Worker(new URL("./parse.worker.ts", import.meta.url), { type: "module" });
  const rows: Row[] = [];
  return new Promise<Parsed>((resolve, reject) => {
    signal.addEventListener("abort", () => {
      worker.terminate();
    });
    worker.addEventListener("error", () => {
      worker.terminate();
      reject(new UnreadableFile("This browser could not read the file."));
    });
    worker.addEventListener("message", ({ data }: MessageEvent<ParseAnswer>) => {
      if (data.kind === "rows") rows.push(...data.rows);
      else worker.terminate();
      if (data.kind === "done") resolve({ rows, format: data.format, note: data.note });
      if (data.kind === "failed") reject(new UnreadableFile(data.message));
    });
    worker.postMessage(request);
  });
}
