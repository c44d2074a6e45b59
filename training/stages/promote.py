"""Replace the shipped checkpoint if the new one is better by over one standard error.

    python -m training.promote --candidate run/training/checkpoint --data aclImdb_v1.tar.gz

Git keeps every copy of the weights, so a replacement has to be worth it. Both checkpoints answer
the same validation reviews; the standard error is that of the paired difference. One that is level
there may still win by the behaviour suite, if the data is IMDb's: the suite is about films.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from handler.files import whole_folder
from training.data.readers import Review, is_archive
from training.evaluation import behaviour
from training.evaluation.metrics import Booleans
from training.evaluation.scoring import check_evaluable, load_scorer, score_reviews
from training.options import command, option, parse, required
from training.stages.options import IMDB, DataOptions, read_splits

SHIPPED = Path("model_store/checkpoint")


@dataclass(frozen=True, kw_only=True)
class PromoteOptions(DataOptions):
    """Which checkpoint may take which one's place."""

    COMMAND: ClassVar[str] = "promote"

    candidate: Path = required("a training run's checkpoint")
    shipped: Path = option(SHIPPED, "the checkpoint that would be replaced")


@dataclass(frozen=True)
class Results:
    """What one checkpoint got right: reviews of the validation part, and cases of the suite."""

    reviews: Booleans
    cases: Booleans

    def beats(self, other: "Results") -> bool:
        """Whether it is better on the reviews, or level there and better in the suite."""
        if is_better(self.reviews, other.reviews):
            return True
        level = not is_better(other.reviews, self.reviews)
        return level and len(self.cases) > 0 and is_better(self.cases, other.cases)

    def __str__(self) -> str:
        right = f"{self.reviews.mean():.4f} of {len(self.reviews)} validation reviews"
        if not len(self.cases):
            return right
        return f"{right}, {self.cases.sum()} of {len(self.cases)} behaviour cases"


def is_better(candidate: Booleans, shipped: Booleans) -> bool:
    """Whether the candidate's accuracy is higher by over one standard error of the difference."""
    gain = candidate.astype(float) - shipped.astype(float)
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


def promote(options: PromoteOptions) -> None:
    """Compare on validation and copy the candidate over if it wins."""
    reviews = read_splits(options).validation
    cases = behaviour.read_cases() if is_archive(options.data or IMDB) else []
    candidate = results_of(options.candidate, reviews, cases)
    if (options.shipped / "config.json").exists():
        shipped = results_of(options.shipped, reviews, cases)
        if not candidate.beats(shipped):
            print("kept: the candidate is not better by more than one standard error")
            return
    _replace(options.shipped, options.candidate)
    print(f"replaced {options.shipped}")


def results_of(checkpoint: Path, reviews: list[Review], cases: list[behaviour.Case]) -> Results:
    """Let a checkpoint answer everything; prints what it got right."""
    scorer = load_scorer(checkpoint, "auto")
    check_evaluable(reviews, scorer.labels)
    outcomes = behaviour.run_cases(scorer, cases) if cases else []
    passed = np.array([outcome.passed for outcome in outcomes], dtype=bool)
    results = Results(score_reviews(scorer, reviews).correct, passed)
    print(f"{checkpoint}: {results}")
    return results


def _replace(target: Path, source: Path) -> None:
    """Copy beside the target, then rename: on a full disk the shipped checkpoint survives."""
    with whole_folder(target) as staging:
        shutil.copytree(source, staging, dirs_exist_ok=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Promote from the command line."""
    command(lambda: promote(parse(PromoteOptions, argv, __doc__)))


if __name__ == "__main__":
    main()
