"""Encode reviews: clean, tokenize, and cut to the checkpoint's maximum length."""

import itertools
from dataclasses import dataclass

from tokenizers import Tokenizer

from handler.checkpoint import Settings, Truncation
from handler.cleaning import PROFILES, STEPS
from handler.offsets import Span, Traced, trace

# Sun et al. 2019, "How to Fine-Tune BERT for Text Classification": 128 of 510 pieces from the head.
HEAD_FRACTION = 0.25


@dataclass(frozen=True)
class Encoded:
    """One review as token ids, special tokens included, and whether pieces were cut away."""

    ids: list[int]
    truncated: bool

    @property
    def tokens(self) -> int:
        """Number of tokens that the network sees."""
        return len(self.ids)


@dataclass(frozen=True)
class Located:
    """One review as token ids, and the part of its cleaned text that each of them stands for.

    `spans` has one entry per id, None for special tokens; `cleaned` leads back to the text as sent.
    """

    ids: list[int]
    spans: list[Span | None]
    cleaned: Traced
    read: list[Span]


class Encoder:
    """Turns reviews into token ids; the same object serves training and serving."""

    def __init__(self, tokenizer: Tokenizer, settings: Settings) -> None:
        self._tokenizer = tokenizer
        self._clean = PROFILES[settings.cleaning]
        self._steps = STEPS.get(settings.cleaning)
        self._truncation: Truncation = settings.truncation
        self._prefix, self._suffix = frame_of(settings)
        self._room = settings.max_length - len(self._prefix) - len(self._suffix)

    def encode(self, reviews: list[str]) -> list[Encoded]:
        """Clean, tokenize and cut each review; the order is kept."""
        cleaned = [self._clean(review) for review in reviews]
        encodings = self._tokenizer.encode_batch_fast(cleaned, add_special_tokens=False)
        return [self._finish(encoding.ids) for encoding in encodings]

    def locate(self, review: str) -> Located:
        """Encode one review as `encode` does, and keep where each token comes from.

        Raises LookupError if the cleaning profile cannot be traced.
        """
        if self._steps is None:
            raise LookupError("This cleaning profile keeps no offsets.")
        cleaned = trace(review, self._steps)
        encoding = self._tokenizer.encode(cleaned.text, add_special_tokens=False)
        kept = truncate(list(range(len(encoding.ids))), self._room, self._truncation)
        return Located(
            [*self._prefix, *(encoding.ids[index] for index in kept), *self._suffix],
            [
                *(None for _ in self._prefix),
                *(encoding.offsets[index] for index in kept),
                *(None for _ in self._suffix),
            ],
            cleaned,
            _read(review, cleaned, kept, encoding.offsets),
        )

    def _finish(self, pieces: list[int]) -> Encoded:
        kept = truncate(pieces, self._room, self._truncation)
        return Encoded([*self._prefix, *kept, *self._suffix], truncated=len(kept) < len(pieces))


def _read(review: str, cleaned: Traced, kept: list[int], offsets: list[Span]) -> list[Span]:
    """Return the spans of the review as sent that were kept: all of it, or one or two parts."""
    if len(kept) == len(offsets):
        return [(0, len(review))]
    cuts = [place for place in range(1, len(kept)) if kept[place] != kept[place - 1] + 1]
    bounds = [0, *cuts, len(kept)]
    parts = [kept[start:end] for start, end in itertools.pairwise(bounds) if start < end]
    spans = [cleaned.span(offsets[part[0]][0], offsets[part[-1]][1]) for part in parts]
    # White space and markup around the text count as read where their neighbour was.
    if kept[-1] == len(offsets) - 1:
        spans[-1] = (spans[-1][0], len(review))
    return [(0, spans[0][1]), *spans[1:]]


def truncate(pieces: list[int], room: int, truncation: Truncation) -> list[int]:
    """Cut to `room` pieces: the first ones, or the first quarter and the rest from the end."""
    if len(pieces) <= room:
        return pieces
    if truncation == "head":
        return pieces[:room]
    head = int(room * HEAD_FRACTION)
    return pieces[:head] + pieces[len(pieces) - (room - head) :]


def frame_of(settings: Settings) -> tuple[list[int], list[int]]:
    """Return the ids before and after a review's pieces; a word-level model may have none."""
    names = ("bos_token_id", "eos_token_id")
    begin, end = ([settings.encoder[n]] if n in settings.encoder else [] for n in names)
    return begin, end
