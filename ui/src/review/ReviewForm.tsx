import type { KeyboardEvent, ReactNode, Ref } from "react";

import type { Model } from "../api/model";
import { capitalize, CHARACTER_LIMIT, countCharacters, formatCount } from "../shared/wording";

export const PROBLEM_ID = "review-problem";

interface ReviewFormProps {
  readonly reviewRef: Ref<HTMLTextAreaElement>;
  readonly sendRef: Ref<HTMLButtonElement>;
  readonly review: string;
  readonly model: Model;
  readonly pending: boolean;
  readonly invalid: boolean;
  readonly notice: ReactNode;
  readonly onEdit: (review: string) => void;
  readonly onSend: () => void;
  readonly onClear: () => void;
  /** Brings back a text of the reader's own that something else replaced; null when there is none. */
  readonly onRestore: (() => void) | null;
}

/** The text area, what may be written there, and the buttons that act on it. */
export function ReviewForm(props: ReviewFormProps) {
  const { reviewRef, sendRef, review, model, pending, invalid, notice, onEdit, onSend } = props;
  const sendByKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    onSend();
  };

  // No spell check: some browsers do it by sending the text to a service of their maker's.
  return (
    <form
      className="sheet"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      <label htmlFor="review">Your review</label>
      <Scope model={model} />
      <textarea
        id="review"
        ref={reviewRef}
        value={review}
        spellCheck={false}
        placeholder="Write or paste a review here"
        aria-invalid={invalid}
        aria-describedby={`review-scope review-count${notice ? ` ${PROBLEM_ID}` : ""}`}
        onChange={(event) => {
          onEdit(event.target.value);
        }}
        onKeyDown={sendByKey}
      />
      <CharacterCount count={countCharacters(review)} />
      <div className="sheet-actions">
        <button
          ref={sendRef}
          type="submit"
          className="primary"
          aria-keyshortcuts="Control+Enter Meta+Enter"
        >
          {pending ? "Reading…" : "Get the verdict"}
        </button>
        <ShortcutHint />
        <span className="spread" />
        {props.onRestore && (
          <button type="button" className="quiet" onClick={props.onRestore}>
            Bring back my review
          </button>
        )}
        {review !== "" && (
          <button type="button" className="quiet" onClick={props.onClear}>
            Clear
          </button>
        )}
      </div>
      {/* Below the buttons: they stay where they are when it comes. */}
      {notice}
    </form>
  );
}

/** Says where one types what the model was made for. */
function Scope({ model: { language, domain } }: { readonly model: Model }) {
  if (language === null && domain === null) return <p id="review-scope" hidden />;
  const known = capitalize([language, domain ?? "texts"].filter(Boolean).join(" "));
  return (
    <p id="review-scope" className="scope">
      Made for: {known}. Texts of another kind get a verdict too, but it means little.
    </p>
  );
}

function CharacterCount({ count }: { readonly count: number }) {
  const over = count - CHARACTER_LIMIT;
  return (
    <p id="review-count" className={over > 0 ? "count over" : "count"}>
      {formatCount(count)} of {formatCount(CHARACTER_LIMIT)} characters
      {over > 0 && `, ${formatCount(over)} too many`}
    </p>
  );
}

function ShortcutHint() {
  const apple = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return (
    <span className="shortcut" aria-hidden="true">
      <kbd>{apple ? "⌘" : "Ctrl"}</kbd> <kbd>Enter</kbd>
    </span>
  );
}
