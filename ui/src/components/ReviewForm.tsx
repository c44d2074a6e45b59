import type { KeyboardEvent, ReactNode, Ref } from "react";

import { CHARACTER_LIMIT, countCharacters, formatCount } from "../wording";

export const PROBLEM_ID = "review-problem";

interface ReviewFormProps {
  readonly reviewRef: Ref<HTMLTextAreaElement>;
  readonly sendRef: Ref<HTMLButtonElement>;
  readonly review: string;
  readonly pending: boolean;
  readonly invalid: boolean;
  readonly notice: ReactNode;
  readonly onEdit: (review: string) => void;
  readonly onSend: () => void;
}

/** The text area with its count, the button, and whatever keeps the review from its verdict. */
export function ReviewForm(props: ReviewFormProps) {
  const { reviewRef, sendRef, review, pending, invalid, notice, onEdit, onSend } = props;
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
      <textarea
        id="review"
        ref={reviewRef}
        value={review}
        spellCheck={false}
        aria-invalid={invalid}
        aria-describedby={notice ? `review-count ${PROBLEM_ID}` : "review-count"}
        onChange={(event) => {
          onEdit(event.target.value);
        }}
        onKeyDown={sendByKey}
      />
      <div className="sheet-actions">
        <CharacterCount count={countCharacters(review)} />
        <div className="send">
          <ShortcutHint />
          <button
            ref={sendRef}
            type="submit"
            className="primary"
            aria-keyshortcuts="Control+Enter Meta+Enter"
          >
            {pending ? "Reading…" : "Get the verdict"}
          </button>
        </div>
      </div>
      {notice}
    </form>
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
