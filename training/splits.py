"""Decide which review trains, validates, or is only read, and that none is a test review."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from training.data import (
    DataError,
    Leaks,
    Review,
    check_trainable,
    drop_leaks,
    is_archive,
    read_archive,
    read_split,
    read_table,
    sha256,
    stratified_split,
)

Protocol = Literal["official", "seed"]
SEED_FRACTIONS = (0.7, 0.1, 0.2)
SPLIT_SEED = 13
# What transformers calls the labels of a head that was never trained.
UNNAMED_LABELS = ("LABEL_0", "LABEL_1")


@dataclass(frozen=True)
class Splits:
    """The parts of a data set; `leaks` counts what was dropped for standing in the test part."""

    labels: tuple[str, ...]
    train: list[Review]
    validation: list[Review]
    unlabelled: list[Review]
    test: list[Review]
    leaks: dict[str, Leaks]
    sha256: str

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

    `official` keeps the archive's test part apart and cuts validation from train; `seed` pools all
    labelled reviews and cuts them 70/10/20 as the tutorial did. A CSV/TSV is all
    train and validation under `official`.
    """
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
    if protocol == "seed":
        fractions, pool = SEED_FRACTIONS, labelled + official_test
    train, validation, test = stratified_split(pool, fractions, seed)
    test = test or official_test
    train, train_leaks = drop_leaks(train, test)
    validation, validation_leaks = drop_leaks(validation, test)
    unlabelled, unlabelled_leaks = drop_leaks(unlabelled, test)
    if not train or not validation:
        raise DataError(
            f"{path}: expected reviews left to train on, found only copies of test reviews."
        )
    leaks = {"train": train_leaks, "validation": validation_leaks, "unlabelled": unlabelled_leaks}
    return Splits(labels, train, validation, unlabelled, test, leaks, sha256(path))


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
    return Splits(UNNAMED_LABELS, train, validation, [], [], {}, sha256(path))


def _thin(reviews: list[Review], count: int) -> list[Review]:
    step = max(1, -(-len(reviews) // count))
    return sorted(reviews, key=lambda review: (str(review.label), review.id))[::step]
