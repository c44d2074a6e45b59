"""Sentences of the reviews themselves: short texts whose verdict only a teacher knows."""

import random
from collections.abc import Iterable, Sequence
from typing import Final

from handler.sentences import split_sentences
from training.data.readers import Review

# Of other lengths it is mostly headings, lists of names, or a paragraph without full stops.
_WORDS: Final = range(4, 61)


def draw_sentences(reviews: Sequence[Review], count: int, seed: int) -> list[Review]:
    """Return at most `count` sentences, one a review and no text twice, the same for a seed."""
    draw = random.Random(seed)
    found: dict[str, Review] = {}
    for review in draw.sample(reviews, len(reviews)):
        if len(found) == count:
            break
        sentences = list(_sentences(review.text))
        if sentences:
            text = draw.choice(sentences)
            found[text] = Review(f"{review.id}#sentence", text, None)
    return list(found.values())


def _sentences(text: str) -> Iterable[str]:
    for start, end in split_sentences(text):
        if len(text[start:end].split()) in _WORDS:
            yield text[start:end]
