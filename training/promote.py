"""Replace the shipped checkpoint if the new one is better by over one standard error.

    python -m training.promote --candidate run/training/checkpoint --data aclImdb_v1.tar.gz

Git keeps every copy of the weights, so a replacement has to be worth it. Both checkpoints answer
the same validation reviews; the standard error is that of the paired difference. One that is level
there may still win by the behaviour suite, if the data is IMDb's: the suite is about films.
"""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from handler.weights import swap
from training import behaviour
from training.data import Review, is_archive
from training.metrics import Booleans
from training.options import IMDB, command, parser, splits_of
from training.scoring import check_evaluable, load_scorer, score_reviews

SHIPPED = Path("model_store/checkpoint")


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


def promote(arguments: argparse.Namespace) -> None:
    """Compare on validation and copy the candidate over if it wins."""
    reviews = splits_of(arguments).validation
    cases = behaviour.read_cases() if is_archive(arguments.data or IMDB) else []
    candidate = examine(arguments.candidate, reviews, cases)
    if (arguments.shipped / "config.json").exists():
        shipped = examine(arguments.shipped, reviews, cases)
        if not candidate.beats(shipped):
            print("kept: the candidate is not better by more than one standard error")
            return
    _replace(arguments.shipped, arguments.candidate)
    print(f"replaced {arguments.shipped}")


def examine(checkpoint: Path, reviews: list[Review], cases: list[behaviour.Case]) -> Results:
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
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
        swap(Path(shutil.copytree(source, Path(folder) / target.name)), target)


def _parser() -> argparse.ArgumentParser:
    result = parser(__doc__, "run/promote")
    result.add_argument("--candidate", type=Path, required=True, help="a training run's checkpoint")
    result.add_argument("--shipped", type=Path, default=SHIPPED)
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Promote from the command line."""
    command(lambda: promote(_parser().parse_args(argv)))


if __name__ == "__main__":
    main()
