// Well under the service's limits of 128 reviews and 2 MB, so that progress shows and others get
// their turn between two requests.
const MAX_REVIEWS = 64;
const MAX_CHARACTERS = 300_000; // at most 1.8 MB of JSON, were every character escaped

/** Takes the next reviews for one request from a list of places in `textOf`. */
export function nextPiece(places: readonly number[], textOf: (place: number) => string): number[] {
  const piece: number[] = [];
  let characters = 0;
  for (const place of places) {
    characters += textOf(place).length;
    if (piece.length > 0 && (piece.length === MAX_REVIEWS || characters > MAX_CHARACTERS)) break;
    piece.push(place);
  }
  return piece;
}
