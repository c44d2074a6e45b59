"""The sentences of a review, and where they stand in the text as sent.

segtok finds the ends of sentences; markup and blank lines end one in any case. Of four splitters it
was the fastest that reads lower-case reviews, and no text made it slow (`benchmarks.sentences`).
"""

from collections.abc import Iterator
from typing import Final

import regex
from segtok.segmenter import split_multi

from handler.cleaning import ENTITIES_TO_TEXT, INLINE_TAG, LINE_BREAK, Step
from handler.offsets import Span, trace

_STEPS: Final = (Step(LINE_BREAK, "\n\n"), Step(INLINE_TAG, ""), ENTITIES_TO_TEXT)
# A blank line, or a line that begins with a list's dash or number.
_PARAGRAPH_END: Final = regex.compile(r"\n\s*\n|\n\s*(?=[-*•–]\s|\d+[.)]\s)")
_INK: Final = regex.compile(r"[\p{L}\p{N}\p{Extended_Pictographic}]")


def split_sentences(review: str) -> list[Span]:
    """Return the spans of the sentences, in order; signs alone belong to the sentence before."""
    traced = trace(review, _STEPS)
    spans: list[Span] = []
    for start, end in _sentences(traced.text):
        span = traced.span(start, end)
        if _INK.search(traced.text, start, end):
            spans.append(span)
        elif spans:
            spans[-1] = (spans[-1][0], span[1])
    return spans


def _sentences(text: str) -> Iterator[Span]:
    """Yield the spans of what the splitter returns."""
    for start, end in _paragraphs(text):
        place = start
        for sentence in split_multi(text[start:end]):
            words = sentence.strip()
            if words:
                place = text.index(words, place)
                yield place, place + len(words)
                place += len(words)


def _paragraphs(text: str) -> Iterator[Span]:
    start = 0
    for match in _PARAGRAPH_END.finditer(text):
        yield start, match.start()
        start = match.end()
    yield start, len(text)
