import type { Explanation } from "../api/explanation";
import type { Model } from "../api/model";
import type { Prediction } from "../api/prediction";
import { capitalize, formatCount, formatPercent, joinWords } from "../shared/wording";

/** How a verdict is put: a label, both at once, or not at all. */
export type Stance = "clear" | "mixed" | "unsure";

/** What the reader is told, before any detail. */
export interface Headline {
  readonly stance: Stance;
  /** The verdict in a word or two. */
  readonly word: string;
  /** How sure the model is, with the percentage. */
  readonly confidence: string;
  /** What the percentage means. */
  readonly meaning: string;
}

interface Scored {
  readonly prediction: Prediction;
  readonly explanation: Pick<Explanation, "mixed"> | null;
}

/** Tells how a verdict is put; a review that contradicts itself is mixed, however sure the sum. */
export function stanceOf({ prediction, explanation }: Scored): Stance {
  if (explanation?.mixed === true) return "mixed";
  return prediction.certain ? "clear" : "unsure";
}

/** Puts a verdict into words. */
export function headlineOf(answer: Scored, model: Model): Headline {
  const stance = stanceOf(answer);
  const { label, confidence, probabilities } = answer.prediction;
  const labels = Object.keys(probabilities);
  return {
    stance,
    word: { clear: capitalize(label), mixed: "Mixed", unsure: "Not sure" }[stance],
    confidence: describeStance(stance, label, confidence, labels),
    meaning: describeMeaning(stance, label, confidence, model),
  };
}

/** Speaks a headline in one line. */
export function speak({ word, confidence }: Headline): string {
  return `Verdict: ${word}. ${confidence}`;
}

function describeStance(stance: Stance, label: string, confidence: number, labels: string[]) {
  const percent = formatPercent(confidence);
  switch (stance) {
    case "mixed":
      return `Some sentences say one thing, some the other. Taken together: ${label}, ${percent}.`;
    case "unsure":
      return `It could be ${joinWords(labels, "or")}. It leans to ${label}, ${percent}.`;
    case "clear":
      return `${describeConfidence(confidence)}, ${percent}.`;
  }
}

/** Puts a calibrated confidence into words. */
export function describeConfidence(confidence: number): string {
  if (confidence >= 0.99) return "Almost certain";
  if (confidence >= 0.9) return "Very sure";
  if (confidence >= 0.75) return "Fairly sure";
  if (confidence >= 0.6) return "Leaning this way";
  return "Hardly more than a guess";
}

function describeMeaning(stance: Stance, label: string, confidence: number, model: Model): string {
  const scope = model.domain ?? "reviews";
  const share = describeFrequency(confidence);
  const meaning =
    `As a rule of thumb: of ${share.of} ${scope} scored like this one, ` +
    `about ${share.count} are ${label}.${describeError(model)}`;
  if (stance !== "unsure" || model.threshold === null) return meaning;
  return `${meaning} Below ${formatPercent(model.threshold)} the model does not commit itself.`;
}

/** How far its percentages were off where that was measured: the card's calibration error. */
function describeError({ figures }: Model): string {
  if (figures.ece === undefined) return "";
  return ` In tests such percentages were off by ${(figures.ece * 100).toFixed(1)} points on average.`;
}

/** Never claims all of them: no model is right every time. */
function describeFrequency(confidence: number): { of: string; count: string } {
  const of = confidence >= 0.995 ? 1000 : 100;
  return { of: formatCount(of), count: formatCount(Math.min(of - 1, Math.round(confidence * of))) };
}
