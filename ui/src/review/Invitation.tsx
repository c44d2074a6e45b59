import type { Model } from "../api/model";
import { formatCount, joinWords } from "../shared/wording";

/** What stands where the verdict will be: what one gets. */
export function Invitation({ model }: { readonly model: Model }) {
  const { labels, maxLength } = model;
  const verdict = labels.length > 0 ? `: ${joinWords(labels, "or")}` : "";
  return (
    <div className="invitation">
      <p className="invitation-lead">The answer will stand here.</p>
      <ul>
        <li>
          <strong>A verdict in words</strong>
          {verdict}, both at once where a review is mixed, or “not sure” where it could be either.
        </li>
        <li>
          <strong>How sure the model is</strong>, as a percentage, and what that number means.
        </li>
        <li>
          <strong>The reason</strong>: your text with the words that decided, and its course
          sentence by sentence.
        </li>
      </ul>
      <p className="soft">
        A model judges here, not a person: look at its reasons before you rely on it.
        {maxLength !== null &&
          ` Of a long text it reads ${formatCount(maxLength)} word pieces and shows which.`}
      </p>
    </div>
  );
}
