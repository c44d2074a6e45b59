// `npm run types`: writes src/api/schema.ts, the types of the gateway's description of itself.
//
// openapi-typescript needs TypeScript 5 and the page is checked by a newer one, so npm fetches both
// for this command alone; what comes out is committed, and a test says when it is not current.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";

const DESCRIPTION = new URL("../../gateway/openapi.json", import.meta.url);
const TYPES = new URL("../src/api/schema.ts", import.meta.url);
const PACKAGES = ["openapi-typescript@7.13.0", "typescript@5.9.3"];

const generate = ["openapi-typescript", DESCRIPTION.pathname, "--immutable"];
const types = execFileSync(
  "npx",
  ["--yes", ...PACKAGES.map((name) => `--package=${name}`), "--", ...generate],
  { encoding: "utf8", maxBuffer: 2 ** 24, stdio: ["ignore", "pipe", "inherit"] },
);
const digest = createHash("sha256").update(readFileSync(DESCRIPTION)).digest("hex");
const partial = new URL(`${TYPES.href}.partial`);
writeFileSync(partial, `// gateway/openapi.json, sha-256 ${digest}\n${types}`);
renameSync(partial, TYPES);
