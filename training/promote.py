"""Replace the shipped checkpoint if the new one is better on validation by over one standard error.

    python -m training.promote --candidate run/training/checkpoint --data aclImdb_v1.tar.gz

Git keeps every copy of the weights, so a replacement has to be worth it. Both checkpoints answer
the same validation reviews; the standard error is that of the paired difference.
"""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handler.weights import swap
from training.data import Review
from training.options import command, parser, splits_of
from training.scoring import check_evaluable, load_scorer, score_reviews

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
    _replace(arguments.shipped, arguments.candidate)
    print(f"replaced {arguments.shipped}")


def _correct(checkpoint: Path, reviews: list[Review]) -> NDArray[np.bool_]:
    scorer = load_scorer(checkpoint, "auto")
    check_evaluable(reviews, scorer.labels)
    return score_reviews(scorer, reviews).correct


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
