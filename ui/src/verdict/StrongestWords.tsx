import { useMemo } from "react";

import type { Explanation, Word } from "../api/explanation";
import { Icon } from "./Icon";
import { sliceCodePoints, weigh } from "./pieces";
import { labelOf, toneOf } from "./tone";

interface StrongestWordsProps {
  readonly review: string;
  readonly explanation: Explanation;
  readonly label: string;
  readonly labels: readonly string[];
}

const SHOWN = 6;

/** The words that weighed most, by the label they spoke for: the marks of the review as a list. */
export function StrongestWords({ review, explanation, label, labels }: StrongestWordsProps) {
  const sides = useMemo(
    () => groupBySide(review, explanation.words, label, labels),
    [review, explanation, label, labels],
  );
  if (sides.length === 0) return <p className="soft">No single word stood out.</p>;
  return (
    <dl className="strongest">
      {sides.map(({ spoken, words }) => (
        <div key={spoken ?? ""}>
          <dt>
            <Icon shape={spoken === null ? "plain" : toneOf(spoken, labels)} size={16} />
            {spoken === null ? `Against ${label}` : `For ${spoken}`}
          </dt>
          <dd>{words.join(", ")}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Side {
  /** The label spoken for; null where the words only speak against the verdict. */
  readonly spoken: string | null;
  readonly words: readonly string[];
}

function groupBySide(
  review: string,
  words: readonly Word[],
  label: string,
  labels: readonly string[],
): Side[] {
  const heaviest = Math.max(...words.map((word) => Math.abs(word.contribution)), 0);
  const ordered = words
    .filter((word) => weigh(word.contribution, heaviest) > 0)
    .sort((left, right) => Math.abs(right.contribution) - Math.abs(left.contribution));
  const spokenFor = (word: Word) => labelOf(word.contribution, label, labels);
  return [label, ...new Set(ordered.map(spokenFor))]
    .filter((spoken, index, all) => all.indexOf(spoken) === index)
    .map((spoken) => ({
      spoken,
      words: distinct(
        ordered
          .filter((word) => spokenFor(word) === spoken)
          .map((word) => sliceCodePoints(review, word.start, word.end)),
      ).slice(0, SHOWN),
    }))
    .filter((side) => side.words.length > 0);
}

function distinct(words: readonly string[]): string[] {
  const seen = new Map(words.map((word) => [word.toLowerCase(), word]));
  return [...seen.values()];
}
