import { isRecord } from "../shared/guards";
import { RequestFailure, UNREADABLE } from "./failure";
import { call } from "./http";
import type { components } from "./schema";

/** What is sent about a wrong verdict, with the sender's consent to keep it. */
export interface Report {
  readonly review: string;
  readonly given: string;
  readonly right: string;
  readonly version: string | null;
}

/** Proof of a report, by which it can be deleted. */
export interface Receipt {
  readonly receipt: string;
  readonly retentionDays: number | null;
}

/** Reports a wrong verdict; only called once the sender has agreed. */
export async function sendReport(report: Report): Promise<Receipt> {
  const { version, ...content } = report;
  const json: components["schemas"]["Report"] = {
    ...content,
    model_version: version ?? "unknown",
    consent: true,
  };
  const reply = await call("/feedback", { method: "POST", json });
  if (!isRecord(reply.body) || typeof reply.body.receipt !== "string") {
    throw new RequestFailure(reply.status, UNREADABLE, "");
  }
  const days = reply.body.retention_days;
  return { receipt: reply.body.receipt, retentionDays: typeof days === "number" ? days : null };
}

/** Has a report deleted. */
export async function deleteReport(receipt: string): Promise<void> {
  await call(`/feedback/${encodeURIComponent(receipt)}`, { method: "DELETE" });
}
