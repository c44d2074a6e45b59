"""Replace the shipped checkpoint if the new one is better on validation by over one standard error.

    python -m training.promote --candidate run/training/checkpoint --data aclImdb_v1.tar.gz

Git keeps every copy of the weights, so a replacement has to be worth it. Both checkpoints answer
the same validation reviews; the standard error is that of the paired difference.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data import Review
from training.options import command, parser, splits_of
from training.scoring import load_scorer, score_reviews

SHIPPED = Path("model_store/checkpoint")


def is_better(candidate: NDArray[np.bool_], shipped: NDArray[np.bool_]) -> bool:
    """Whether the candidate's accuracy is higher by over one standard error of the difference."""
    gain = candidate.astype(float) - shipped.astype(float)
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


def promote(arguments: argparse.Namespace) -> None:
    """Compare on validation and copy the candidate over if it wins."""
    reviews = splits_of(arguments).validation
    candidate = _correct(arguments.candidate, reviews)
    print(f"{arguments.candidate}: {candidate.mean():.4f} on {len(reviews)} validation reviews")
    if (arguments.shipped / "config.json").exists():
        shipped = _correct(arguments.shipped, reviews)
        print(f"{arguments.shipped}: {shipped.mean():.4f}")
        if not is_better(candidate, shipped):
            print("kept: the candidate is not better by more than one standard error")
            return
    shutil.copytree(arguments.candidate, arguments.shipped, dirs_exist_ok=True)
    print(f"replaced {arguments.shipped}")


def _correct(checkpoint: Path, reviews: list[Review]) -> NDArray[np.bool_]:
    return score_reviews(load_scorer(checkpoint, "auto"), reviews).correct


def _parser() -> argparse.ArgumentParser:
    result = parser(__doc__, "run/promote")
    result.add_argument("--candidate", type=Path, required=True, help="checkpoint of a training run")
    result.add_argument("--shipped", type=Path, default=SHIPPED)
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Promote from the command line."""
    command(lambda: promote(_parser().parse_args(argv)))


if __name__ == "__main__":
    main()
