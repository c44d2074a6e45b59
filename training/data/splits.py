"""Decide which review trains, validates, or is only read, and that none is a test review."""

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from handler.checksums import file_digest
from training.data.readers import (
    DataError,
    KnownTexts,
    Leaks,
    Review,
    check_trainable,
    is_archive,
    read_archive,
    read_split,
    read_table,
    stratified_split,
)

Protocol = Literal["official", "tutorial"]
TUTORIAL_FRACTIONS = (0.7, 0.1, 0.2)
SPLIT_SEED = 13
NO_TEXTS = KnownTexts(frozenset(), frozenset())
# What transformers calls the labels of a head that was never trained.
UNNAMED_LABELS = ("LABEL_0", "LABEL_1")


@dataclass(frozen=True)
class Splits:
    """The parts of a data set.

    `known` are the texts of the test part; `leaks` counts what was dropped for being among them.
    """

    labels: tuple[str, ...]
    train: list[Review]
    validation: list[Review]
    unlabelled: list[Review]
    test: list[Review]
    leaks: dict[str, Leaks]
    sha256: str
    known: KnownTexts = NO_TEXTS

    def label_ids(self, reviews: list[Review]) -> list[int]:
        """Return each review's label id, -1 where it has none."""
        ids = {label: index for index, label in enumerate(self.labels)}
        return [-1 if review.label is None else ids[review.label] for review in reviews]

    def at_most(self, count: int) -> "Splits":
        """Return splits with at most `count` reviews in each part, labels in proportion."""
        return replace(
            self,
            train=_thin(self.train, count),
            validation=_thin(self.validation, count),
            unlabelled=_thin(self.unlabelled, count),
        )

    def summary(self) -> dict[str, object]:
        """Return the counts that a model card reports."""
        return {
            "sha256": self.sha256,
            "train": len(self.train),
            "validation": len(self.validation),
            "unlabelled": len(self.unlabelled),
            "labels": list(self.labels),
            "leaks": {name: vars(leaks) for name, leaks in self.leaks.items()},
        }


def load_splits(
    path: Path,
    text_column: str | None = None,
    label_column: str | None = None,
    protocol: Protocol = "official",
    validation_share: float = 0.1,
    seed: int = SPLIT_SEED,
) -> Splits:
    """Split the IMDb archive or a CSV/TSV; raises DataError if there is nothing to learn from.

    `official` keeps the archive's test part apart and cuts validation from train; `tutorial` pools
    all labelled reviews and cuts them 70/10/20 as that did. A CSV/TSV is all train and validation
    under `official`. The same cut of the same file is made once per process.
    """
    try:
        state = path.stat()
    except OSError:  # what reads it says what it expected
        state = os.stat_result((0,) * 10)
    changed = (state.st_size, state.st_mtime_ns)
    return _load_splits(path, text_column, label_column, protocol, validation_share, seed, changed)


@lru_cache(maxsize=1)
def _load_splits(
    path: Path,
    text_column: str | None,
    label_column: str | None,
    protocol: Protocol,
    validation_share: float,
    seed: int,
    changed: tuple[int, int],
) -> Splits:
    unlabelled: list[Review] = []
    official_test: list[Review] = []
    if is_archive(path):
        parts = read_archive(path)
        labelled, official_test, unlabelled = parts["train"], parts["test"], parts["unsup"]
    else:
        labelled = read_split(path, text_column=text_column, label_column=label_column)
    labels = tuple(check_trainable(labelled, str(path)))
    fractions: tuple[float, ...] = (1 - validation_share, validation_share, 0.0)
    pool = labelled
    if protocol == "tutorial":
        fractions, pool = TUTORIAL_FRACTIONS, labelled + official_test
    train, validation, test = stratified_split(pool, fractions, seed)
    test = test or official_test
    known = KnownTexts.of(test)
    train, train_leaks = known.drop(train)
    validation, validation_leaks = known.drop(validation)
    unlabelled, unlabelled_leaks = known.drop(unlabelled)
    if not train or not validation:
        raise DataError(
            f"{path}: expected reviews left to train on, found only copies of test reviews."
        )
    leaks = {"train": train_leaks, "validation": validation_leaks, "unlabelled": unlabelled_leaks}
    return Splits(labels, train, validation, unlabelled, test, leaks, file_digest(path), known)


def load_texts(
    path: Path, text_column: str, validation_share: float = 0.1, seed: int = SPLIT_SEED
) -> Splits:
    """Split a CSV/TSV whose texts have no labels, for pre-training; raises DataError."""
    texts = read_table(path, text_column, None)
    fractions = (1 - validation_share, validation_share)
    train, validation = stratified_split(texts, fractions, seed)
    if not train or not validation:
        raise DataError(
            f"{path}: expected enough texts to hold a share of {validation_share} out, found "
            f"{len(texts)}; add texts."
        )
    return Splits(UNNAMED_LABELS, train, validation, [], [], {}, file_digest(path))


def _thin(reviews: list[Review], count: int) -> list[Review]:
    step = max(1, -(-len(reviews) // count))
    return sorted(reviews, key=lambda review: (str(review.label), review.id))[::step]
