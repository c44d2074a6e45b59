"""Whether the fast engine gives the same answers as the fp32 reference on labelled test reviews.

    python -m benchmarks.answers --data aclImdb_v1.tar.gz    # all 25,000, half an hour of two cores

What was scored is kept: stop it whenever you like, the same command goes on.
"""

import argparse
import hashlib
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from archive.inputs import fingerprint
from benchmarks.contestant import Contestant
from benchmarks.corpus import CACHE, load_corpus
from benchmarks.engines import OURS, OURS_FP32
from benchmarks.in_process import encode
from benchmarks.model_files import ModelFiles
from benchmarks.models import SHIPPED, prepare
from handler.checkpoint import read_settings
from handler.files import whole_file, write_text
from handler.predictor import softmax
from training.data.readers import Review

PIECE: Final = 500


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the shipped checkpoint's engines, print the differences and write them."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.answers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", type=Path, help="IMDb archive")
    add("--reviews", type=int, default=25_000, help="of its test part, drawn at random")
    add("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of each engine")
    add("--output", type=Path, default=Path("benchmarks/results/answers.json"), help="results")
    add("--folder", type=Path, default=CACHE, help="folder of what can be kept")
    options = parser.parse_args(arguments)
    files = prepare(SHIPPED, options.folder, [], with_peers=False)
    reviews = shuffled(load_corpus(options.data).reviews)[: options.reviews]
    text = json.dumps(compare_answers(files, reviews, options.threads), indent=1)
    write_text(options.output, text + "\n")
    print(text)


def shuffled(reviews: list[Review]) -> list[Review]:
    """Return the reviews in an order by chance, always the same: more of them go on from fewer."""
    return random.Random(0).sample(reviews, len(reviews))


def compare_answers(files: ModelFiles, reviews: list[Review], threads: int) -> dict[str, Any]:
    """Score the reviews with both engines; returns the differences, with accuracies if labelled."""
    encoded = encode(files, [review.text for review in reviews])
    settings = read_settings(files.checkpoint)
    fast, reference = (
        softmax(_logits(name, files, encoded, threads) / settings.temperature)
        for name in (OURS, OURS_FP32)
    )
    labels = None
    if all(review.label in settings.labels for review in reviews):
        labels = np.array([settings.labels.index(str(review.label)) for review in reviews])
    return differences(fast, reference, labels)


def _logits(
    name: str, files: ModelFiles, encoded: list[list[int]], threads: int
) -> NDArray[np.float64]:
    """Return an engine's logits (reviews, labels), piece by piece, each kept once it is there."""
    folder = files.folder / "answers"
    folder.mkdir(exist_ok=True)
    model = fingerprint(files.checkpoint)
    contestant = None
    found = []
    for start in tqdm(range(0, len(encoded), PIECE), name, unit=f" x {PIECE} reviews"):
        piece = encoded[start : start + PIECE]
        key = hashlib.sha256(f"{model} {name} {piece}".encode()).hexdigest()[:16]
        kept = folder / f"{key}.npy"
        if not kept.exists():
            contestant = contestant or Contestant(name, files, threads, encoded[0])
            logits = contestant.score(piece)[1]
            with whole_file(kept) as partial, partial.open("wb") as file:
                np.save(file, logits)
        found.append(np.load(kept))
    if contestant:
        contestant.close()
    return np.concatenate(found)


def differences(
    fast: NDArray[np.float64], reference: NDArray[np.float64], labels: NDArray[np.int64] | None
) -> dict[str, Any]:
    """Compare two (reviews, labels) arrays of probabilities; flips and accuracies are per cent."""
    gap = np.abs(fast - reference)
    found: dict[str, Any] = {
        "reviews": len(fast),
        "flips_percent": float((fast.argmax(1) != reference.argmax(1)).mean() * 100),
        "mean_abs_dp": float(gap.mean()),
        "max_abs_dp": float(gap.max()),
    }
    if labels is not None:
        accuracy = [float((p.argmax(1) == labels).mean() * 100) for p in (fast, reference)]
        found["accuracy_percent"] = {"int8": accuracy[0], "fp32": accuracy[1]}
        found["accuracy_lost_points"] = accuracy[1] - accuracy[0]
    return found


if __name__ == "__main__":
    main()
