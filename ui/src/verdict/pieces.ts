import type { Explanation } from "../api/explanation";

/** How much a word weighs beside the heaviest one: 0 is not worth a mark, 3 decides. */
export type Weight = 0 | 1 | 2 | 3;

/** A stretch of the review that looks the same throughout. */
export interface Piece {
  readonly start: number;
  readonly text: string;
  readonly contribution: number;
  readonly weight: Weight;
  /** Index of the sentence it belongs to, or null between sentences. */
  readonly sentence: number | null;
  /** Whether the model saw it. */
  readonly read: boolean;
}

/** Cuts a review at the edges of words, sentences and of what was read; joined, it is whole. */
export function cutIntoPieces(review: string, explanation: Explanation): Piece[] {
  const { words, sentences, read } = explanation;
  const toUnits = unitOffsets(review);
  const heaviest = Math.max(...words.map((word) => Math.abs(word.contribution)), 0);
  const findWord = coveringFinder(words, ({ start, end }) => [start, end]);
  const findSentence = coveringFinder(sentences, ({ start, end }) => [start, end]);
  const findRead = coveringFinder(read, (range) => range);
  const edges = collectEdges(explanation, toUnits.length);

  return edges.slice(0, -1).map((start, index) => {
    const end = edges[index + 1] ?? start;
    const word = findWord(start);
    const contribution = word === null ? 0 : (words[word]?.contribution ?? 0);
    return {
      start,
      text: review.slice(toUnits.at(start), toUnits.at(end)),
      contribution,
      weight: weigh(contribution, heaviest),
      sentence: findSentence(start),
      read: findRead(start) !== null,
    };
  });
}

/** Returns what stands at code points `start` to `end`. */
export function sliceCodePoints(text: string, start: number, end: number): string {
  const toUnits = unitOffsets(text);
  return text.slice(toUnits.at(start), toUnits.at(end));
}

/** Weighs a contribution against the heaviest of its review. */
export function weigh(contribution: number, heaviest: number): Weight {
  const share = heaviest === 0 ? 0 : Math.abs(contribution) / heaviest;
  if (share >= 0.6) return 3;
  if (share >= 0.3) return 2;
  return share >= 0.12 ? 1 : 0;
}

interface UnitOffsets {
  /** Number of code points. */
  readonly length: number;
  /** Offset in UTF-16 units of a code point, which is how JavaScript counts. */
  readonly at: (codePoint: number) => number;
}

function unitOffsets(text: string): UnitOffsets {
  if (!/[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text)) {
    return { length: text.length, at: (codePoint) => codePoint };
  }
  const offsets: number[] = [];
  for (let unit = 0; unit < text.length; unit += unitsAt(text, unit)) offsets.push(unit);
  return { length: offsets.length, at: (codePoint) => offsets[codePoint] ?? text.length };
}

function unitsAt(text: string, unit: number): 1 | 2 {
  return (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
}

/** What was not read stays in one piece, whatever words and sentences are told of it. */
function collectEdges({ words, sentences, read }: Explanation, length: number): number[] {
  const inner = [...words, ...sentences].flatMap(({ start, end }) => [start, end]);
  const ordered = (edges: number[]) => [...new Set(edges)].sort((left, right) => left - right);
  const findRead = coveringFinder(read, (range) => range);
  const kept = ordered(inner).filter((edge) => findRead(edge) !== null);
  return ordered([0, length, ...kept, ...read.flat()]).filter((edge) => edge <= length);
}

/** Finds which span covers a place, for places asked in rising order. */
function coveringFinder<T>(spans: readonly T[], edgesOf: (span: T) => readonly [number, number]) {
  let next = 0;
  return (place: number): number | null => {
    for (; next < spans.length; next += 1) {
      const span = spans[next];
      if (span === undefined) return null;
      const [start, end] = edgesOf(span);
      if (place < start) return null;
      if (place < end) return next;
    }
    return null;
  };
}
