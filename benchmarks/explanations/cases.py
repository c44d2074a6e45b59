"""The reviews that are explained: validation reviews at random, their words and sentences."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import CACHE
from handler.encoding import Encoder
from handler.files import write_text
from handler.sentences import split_sentences
from handler.words import Word, find_words
from training.data.readers import Review
from training.data.splits import load_splits

Scores = NDArray[np.float64]
# Probabilities, (reviews, labels), of reviews as token ids.
Score = Callable[[Sequence[list[int]]], Scores]

SEED: Final = 13


@dataclass(frozen=True)
class Case:
    """One review to explain: its token ids, its words, the sentence of each word, its label."""

    ids: list[int]
    words: list[Word]
    sentences: list[int]
    label: int

    def without(self, words: Sequence[int]) -> list[int]:
        """Return the ids without the tokens of these words."""
        gone = {place for word in words for place in self.words[word].tokens}
        return [token for place, token in enumerate(self.ids) if place not in gone]


def make_case(encoder: Encoder, text: str, score: Score) -> Case:
    """Encode a review, find its words and sentences, and take the engine's verdict for a label."""
    located = encoder.locate(text)
    words = find_words(located)
    starts = [start for start, _ in split_sentences(text)]
    sentences = [sum(start <= word.start for start in starts) for word in words]
    return Case(located.ids, words, sentences, int(score([located.ids])[0].argmax()))


def load_sample(data: Path, count: int) -> list[Review]:
    """Return validation reviews at random: the first ones of the same order whatever the count."""
    status = data.stat()
    kept = CACHE / f"validation-{status.st_size}-{status.st_mtime_ns}.json"
    if not kept.is_file():  # reading the archive takes its time
        found = [(each.id, each.text, each.label) for each in load_splits(data).validation]
        write_text(kept, json.dumps(found))
    reviews = [Review(*fields) for fields in json.loads(kept.read_text("utf-8"))]
    return shuffled(reviews)[:count]


def shuffled(reviews: Sequence[Review]) -> list[Review]:
    """Put reviews into an order that depends on nothing but their ids."""
    ordered = sorted(reviews, key=lambda review: review.id)
    random.Random(SEED).shuffle(ordered)
    return ordered
