"""Decide which review trains, which validates, which is only read, and that none is a test review."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from training.data import (
    ARCHIVE_SUFFIXES,
    DataError,
    Leaks,
    Review,
    check_trainable,
    drop_leaks,
    read_archive,
    read_split,
    sha256,
    stratified_split,
)

Protocol = Literal["official", "seed"]
SEED_FRACTIONS = (0.7, 0.1, 0.2)


@dataclass(frozen=True)
class Splits:
    """The parts of a data set; `leaks` counts what was dropped because it stands in the test part."""

    labels: tuple[str, ...]
    train: list[Review]
    validation: list[Review]
    unlabelled: list[Review]
    test: list[Review]
    leaks: dict[str, Leaks]
    sha256: str

    def label_ids(self, reviews: list[Review]) -> list[int]:
        """Return each review's label id, -1 where it has none."""
        return [-1 if review.label is None else self.labels.index(review.label) for review in reviews]

    def at_most(self, count: int) -> "Splits":
        """Return splits with at most `count` reviews in each part, labels in proportion."""
        parts = {
            name: _thin(getattr(self, name), count) for name in ("train", "validation", "unlabelled")
        }
        return replace(self, **parts)

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
    seed: int = 13,
) -> Splits:
    """Split the IMDb archive or a CSV/TSV; raises DataError if there is nothing to learn from.

    `official` keeps the archive's test part apart and cuts validation from train; `seed` pools all
    labelled reviews and cuts them 70/10/20 as the tutorial did. A CSV/TSV is all train and validation.
    """
    unlabelled: list[Review] = []
    official_test: list[Review] = []
    if path.name.endswith(ARCHIVE_SUFFIXES):
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
        raise DataError(f"{path}: expected reviews left to train on, found only copies of test reviews.")
    leaks = {"train": train_leaks, "validation": validation_leaks, "unlabelled": unlabelled_leaks}
    return Splits(labels, train, validation, unlabelled, test, leaks, sha256(path))


def _thin(reviews: list[Review], count: int) -> list[Review]:
    step = max(1, -(-len(reviews) // count))
    return sorted(reviews, key=lambda review: (str(review.label), review.id))[::step]
