/** One stage of the way through the servers. */
export interface Stage {
  readonly name: string;
  readonly milliseconds: number;
  readonly description: string | null;
}

const ENTRY = /([\w-]+)((?:\s*;\s*\w+\s*=\s*(?:"[^"]*"|[^\s;,]*))*)/g;

/** Reads a `Server-Timing` header; entries without a duration are left out. */
export function parseServerTiming(header: string | null): Stage[] {
  return [...(header ?? "").matchAll(ENTRY)].flatMap(([, name = "", parameters = ""]) => {
    const milliseconds = Number.parseFloat(parameter(parameters, "dur") ?? "");
    if (!Number.isFinite(milliseconds)) return [];
    return [{ name, milliseconds, description: parameter(parameters, "desc") }];
  });
}

function parameter(parameters: string, key: string): string | null {
  const match = new RegExp(`;\\s*${key}\\s*=\\s*(?:"([^"]*)"|([^\\s;,]*))`).exec(parameters);
  return match?.[1] ?? match?.[2] ?? null;
}
