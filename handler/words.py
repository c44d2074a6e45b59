"""The words of a review: runs of its pieces, and where they stand in the text as sent."""

from dataclasses import dataclass
from typing import Final

import regex

from handler.encoding import Located
from handler.offsets import Span, Traced

# Letters and digits with their combining marks, joined by an apostrophe or a hyphen within; else a
# run of signs, each emoji with its modifiers.
_LETTERS: Final = r"[\p{L}\p{N}_][\p{L}\p{N}\p{M}_\u200c\u200d]*"
_WORD: Final = regex.compile(rf"{_LETTERS}(?:['’\-]{_LETTERS})*|[^\s\p{{L}}\p{{N}}_]+")


@dataclass(frozen=True)
class Word:
    """One word that was read: its span in the text as sent, and the places of its tokens."""

    start: int
    end: int
    tokens: tuple[int, ...]


def find_words(located: Located) -> list[Word]:
    """Return the words that have at least one token, in order and without overlap."""
    spans = _spans(located.cleaned)
    tokens: list[list[int]] = [[] for _ in spans]
    word = 0
    for place, span in enumerate(located.spans):
        if span is None or not spans:
            continue
        start = located.cleaned.starts[_first_ink(located.cleaned.text, span)]
        while word + 1 < len(spans) and spans[word][1] <= start:
            word += 1
        tokens[word].append(place)
    return [
        Word(*span, tuple(places)) for span, places in zip(spans, tokens, strict=True) if places
    ]


def _spans(cleaned: Traced) -> list[Span]:
    """Return the spans of the words as sent; those that one sign stands for are one word."""
    spans: list[Span] = []
    for match in _WORD.finditer(cleaned.text):
        start, end = cleaned.span(*match.span())
        if spans and start < spans[-1][1]:
            start, end = spans[-1][0], max(end, spans.pop()[1])
        spans.append((start, end))
    return spans


def _first_ink(text: str, span: Span) -> int:
    """Return the first character of a piece that is no white space, or its last one."""
    start, end = span
    while start < end - 1 and text[start].isspace():
        start += 1
    return start
