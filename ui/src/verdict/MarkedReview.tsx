import { useMemo } from "react";

import type { Explanation } from "../api/explanation";
import { formatCounted } from "../shared/wording";
import { cutIntoPieces, type Piece } from "./pieces";
import { labelOf, toneOf } from "./tone";

interface MarkedReviewProps {
  readonly review: string;
  readonly explanation: Explanation;
  readonly label: string;
  readonly labels: readonly string[];
  /** The sentence picked in the strip. */
  readonly picked: number | null;
}

/** The review as it was sent, with its words marked by what they say for or against a label. */
export function MarkedReview({ review, explanation, label, labels, picked }: MarkedReviewProps) {
  const pieces = useMemo(() => cutIntoPieces(review, explanation), [review, explanation]);
  return (
    <blockquote className="marked">
      {pieces.map((piece) =>
        piece.read || piece.text.trim() === "" ? (
          <span key={piece.start} className={markOf(piece, label, labels, picked)}>
            {piece.text}
          </span>
        ) : (
          <Unread key={piece.start} text={piece.text} />
        ),
      )}
    </blockquote>
  );
}

function markOf(piece: Piece, label: string, labels: readonly string[], picked: number | null) {
  const spoken = labelOf(piece.contribution, label, labels);
  const side = spoken === null ? "against" : toneOf(spoken, labels);
  const word = piece.weight === 0 ? "" : `word tone-${side} weight-${piece.weight}`;
  const sentence = picked !== null && piece.sentence === picked ? "picked" : "";
  return `${word} ${sentence}`.trim() || undefined;
}

const SHOWN_OF_UNREAD = 120;

/** What the model did not see; of a long stretch only the ends are shown. */
function Unread({ text }: { readonly text: string }) {
  const left = text.length - 2 * SHOWN_OF_UNREAD;
  const shown =
    left <= 0
      ? text
      : `${text.slice(0, SHOWN_OF_UNREAD)} … ${formatCounted(left, "character")} … ` +
        text.slice(-SHOWN_OF_UNREAD);
  return (
    <span className="unread">
      <span className="unread-tag">not read</span> {shown}{" "}
    </span>
  );
}
