import type { Sentence } from "../api/explanation";
import { formatPercent } from "../shared/wording";
import { toneOf } from "./tone";

interface SentenceStripProps {
  readonly sentences: readonly Sentence[];
  readonly labels: readonly string[];
  readonly picked: number | null;
  readonly onPick: (index: number | null) => void;
}

/** The course of the review: one bar per sentence, up or down from the middle by its verdict. */
export function SentenceStrip({ sentences, labels, picked, onPick }: SentenceStripProps) {
  return (
    <fieldset className="strip">
      <legend>Sentence by sentence</legend>
      <div className="strip-bars">
        {sentences.map((sentence, index) => (
          <label key={sentence.start} className="beat">
            <input
              type="radio"
              name="sentence"
              className="visually-hidden"
              checked={picked === index}
              onChange={() => {
                onPick(index);
              }}
            />
            <span className="visually-hidden">{nameOf(sentence, index)}</span>
            <BeatBar sentence={sentence} labels={labels} />
          </label>
        ))}
      </div>
      <PickedSentence {...{ sentences, picked, onPick }} />
    </fieldset>
  );
}

function nameOf({ label, confidence }: Sentence, index: number): string {
  return `Sentence ${index + 1}: ${label}, ${formatPercent(confidence)}`;
}

const HALF = 22;

function BeatBar({
  sentence,
  labels,
}: {
  readonly sentence: Sentence;
  readonly labels: readonly string[];
}) {
  const tone = toneOf(sentence.label, labels);
  const even = 1 / Math.max(labels.length, 2);
  const height = Math.max(3, HALF * ((sentence.confidence - even) / (1 - even)));
  return (
    <svg
      viewBox={`0 0 24 ${2 * HALF}`}
      width="24"
      height={2 * HALF}
      aria-hidden="true"
      focusable="false"
    >
      <rect className="beat-axis" x="0" y={HALF - 0.5} width="24" height="1" />
      <rect
        className={`beat-bar tone-${tone}`}
        x="4"
        y={tone === "low" ? HALF : HALF - height}
        width="16"
        height={height}
        rx="2"
      />
    </svg>
  );
}

function PickedSentence({ sentences, picked, onPick }: Omit<SentenceStripProps, "labels">) {
  const sentence = picked === null ? undefined : sentences[picked];
  if (picked === null || sentence === undefined) {
    return <p className="strip-note">Pick a bar to find its sentence in the review below.</p>;
  }
  return (
    <p className="strip-note">
      {nameOf(sentence, picked)}, marked in the review below.{" "}
      <button
        type="button"
        className="quiet"
        onClick={() => {
          onPick(null);
        }}
      >
        Unmark
      </button>
    </p>
  );
}
