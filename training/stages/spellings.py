"""Measure what spelling does to verdicts: capitals, stretched words, typos, no punctuation.

    python -m training.spellings --checkpoint model_store/checkpoint --data aclImdb_v1.tar.gz

Each validation review is scored as written and in every other spelling. A flip is another label
than that of the review as written.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from handler.checkpoint import read_settings
from training.data.readers import Review
from training.data.spellings import SPELLINGS
from training.evaluation.report import markdown_table
from training.evaluation.scoring import Scores, check_evaluable, load_scorer, score_reviews
from training.options import command, option, parse, required
from training.stages.options import DataOptions, read_splits

WRITTEN = "as written"


@dataclass(frozen=True, kw_only=True)
class SpellingsOptions(DataOptions):
    """Which checkpoint is asked about which reviews."""

    COMMAND: ClassVar[str] = "spellings"

    checkpoint: Path = required("folder of the checkpoint", metavar="DIR")
    engine: str = option("auto", "engine of the predictor; auto, as when serving", metavar="NAME")
    seed: int = option(0, "of the words that are changed")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    command(lambda: measure_spellings(parse(SpellingsOptions, arguments, __doc__)))


def measure_spellings(options: SpellingsOptions) -> None:
    """Score the validation part in every spelling and print a row for each; raises DataError."""
    reviews = read_splits(options).validation
    check_evaluable(reviews, read_settings(options.checkpoint).labels)
    scorer = load_scorer(options.checkpoint, options.engine)
    written = score_reviews(scorer, reviews)
    rows = [row(WRITTEN, written, written)]
    for name in SPELLINGS:
        rows.append(row(name, written, score_reviews(scorer, spelled(reviews, name, options.seed))))
    print(f"{len(reviews):,} validation reviews, engine {written.engine}\n")
    print(markdown_table(("spelling", "accuracy", "flips", "mean change of probability"), rows))


def spelled(reviews: Sequence[Review], name: str, seed: int) -> list[Review]:
    """Return the reviews in one spelling, the same for a seed."""
    draw = random.Random(seed)
    return [replace(review, text=SPELLINGS[name](review.text, draw)) for review in reviews]


def row(name: str, written: Scores, other: Scores) -> tuple[str, ...]:
    """Return accuracy, share of flips, and how far probabilities moved, of the same reviews."""
    flips = (written.predicted != other.predicted).mean()
    moved = np.abs(written.probabilities - other.probabilities).max(axis=1).mean()
    return name, f"{other.correct.mean():.2%}", f"{flips:.2%}", f"{moved:.4f}"


if __name__ == "__main__":
    main()
