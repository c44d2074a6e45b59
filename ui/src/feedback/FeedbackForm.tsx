import { type SyntheticEvent, useState } from "react";

import { asFailure, type RequestFailure } from "../api/failure";
import { deleteReport, type Receipt, sendReport } from "../api/feedback";
import type { Answer } from "../api/judge";
import type { Model } from "../api/model";
import { CopyButton } from "../shared/CopyButton";
import { formatCounted } from "../shared/wording";

interface FeedbackFormProps {
  readonly review: string;
  readonly answer: Answer;
  readonly model: Model;
}

type State =
  | { readonly at: "closed" }
  | { readonly at: "open"; readonly problem: string | null }
  | { readonly at: "sending" }
  | { readonly at: "sent"; readonly receipt: Receipt; readonly problem: string | null }
  | { readonly at: "deleted" };

/** Reports a wrong verdict: the right label, explicit consent, and a receipt to take it back. */
export function FeedbackForm({ review, answer, model }: FeedbackFormProps) {
  const [state, setState] = useState<State>({ at: "closed" });
  const { label, probabilities } = answer.prediction;
  const send = (right: string) => {
    setState({ at: "sending" });
    const version = answer.version ?? model.version;
    sendReport({ review, given: label, right, version }).then(
      (receipt) => {
        setState({ at: "sent", receipt, problem: null });
      },
      (error: unknown) => {
        setState({ at: "open", problem: describeFailure(asFailure(error)) });
      },
    );
  };
  const takeBack = (receipt: Receipt) => {
    deleteReport(receipt.receipt).then(
      () => {
        setState({ at: "deleted" });
      },
      (error: unknown) => {
        setState({ at: "sent", receipt, problem: describeFailure(asFailure(error)) });
      },
    );
  };

  switch (state.at) {
    case "closed":
      return (
        <button
          type="button"
          className="quiet"
          onClick={() => {
            setState({ at: "open", problem: null });
          }}
        >
          This is wrong
        </button>
      );
    case "open":
    case "sending":
      return (
        <ReportForm
          others={Object.keys(probabilities).filter((other) => other !== label)}
          retentionDays={model.feedback?.retentionDays ?? null}
          problem={state.at === "open" ? state.problem : null}
          sending={state.at === "sending"}
          onSend={send}
          onCancel={() => {
            setState({ at: "closed" });
          }}
        />
      );
    case "sent":
      return <ReceiptNote {...state} onTakeBack={takeBack} />;
    case "deleted":
      return <p role="status">Your report is deleted.</p>;
  }
}

interface ReportFormProps {
  readonly others: readonly string[];
  readonly retentionDays: number | null;
  readonly problem: string | null;
  readonly sending: boolean;
  readonly onSend: (right: string) => void;
  readonly onCancel: () => void;
}

function ReportForm({
  others,
  retentionDays,
  problem,
  sending,
  onSend,
  onCancel,
}: ReportFormProps) {
  const [right, setRight] = useState(others.length === 1 ? (others[0] ?? null) : null);
  const [consent, setConsent] = useState(false);
  const [missing, setMissing] = useState<string | null>(null);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (right === null) setMissing("Pick the label that would be right.");
    else if (!consent) setMissing("Nothing was sent: keeping your review needs your consent.");
    else if (!sending) onSend(right);
  };
  return (
    <form className="report" onSubmit={submit}>
      <fieldset>
        <legend>Which label would be right?</legend>
        {others.map((other) => (
          <label key={other} className="check">
            <input
              type="radio"
              name="right"
              checked={right === other}
              onChange={() => {
                setRight(other);
              }}
            />
            {other}
          </label>
        ))}
      </fieldset>
      <label className="check">
        <input
          type="checkbox"
          checked={consent}
          onChange={(event) => {
            setConsent(event.target.checked);
          }}
        />
        <span>
          I agree that this service keeps my review with both labels
          {retentionDays !== null && ` for ${formatCounted(retentionDays, "day")}`}, so that the
          model can learn from it. I get a receipt to have it deleted earlier.
        </span>
      </label>
      {(missing ?? problem) !== null && (
        <p role="alert" className="problem">
          {missing ?? problem}
        </p>
      )}
      <div className="sheet-actions">
        <button type="submit">{sending ? "Sending…" : "Send the report"}</button>
        <button type="button" className="quiet" onClick={onCancel}>
          Never mind
        </button>
      </div>
    </form>
  );
}

interface ReceiptNoteProps {
  readonly receipt: Receipt;
  readonly problem: string | null;
  readonly onTakeBack: (receipt: Receipt) => void;
}

function ReceiptNote({ receipt, problem, onTakeBack }: ReceiptNoteProps) {
  const kept = receipt.retentionDays;
  return (
    <div className="report">
      <p role="status">
        Thank you: your report is kept
        {kept !== null && ` for ${formatCounted(kept, "day")}`}. Your receipt, by which it can be
        deleted: <code>{receipt.receipt}</code>
      </p>
      {problem !== null && <p role="alert">{problem}</p>}
      <div className="sheet-actions">
        <CopyButton textOf={() => receipt.receipt}>Copy the receipt</CopyButton>
        <button
          type="button"
          className="quiet"
          onClick={() => {
            onTakeBack(receipt);
          }}
        >
          Delete my report
        </button>
      </div>
    </div>
  );
}

function describeFailure({ status, message }: RequestFailure): string {
  if (status === 404 || status === 405)
    return "This service does not take reports: nothing was kept.";
  return message === "" ? "The report did not arrive: nothing was kept. Try again." : message;
}
