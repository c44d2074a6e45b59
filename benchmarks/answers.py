"""Whether the fast engine gives the same answers as the fp32 reference on labelled test reviews."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contestant import Contestant
from benchmarks.engines import OURS, OURS_FP32
from benchmarks.in_process import encode
from benchmarks.models import ModelFiles
from handler.checkpoint import read_settings
from handler.predictor import softmax
from training.data import Review


def compare_answers(files: ModelFiles, reviews: list[Review], threads: int) -> dict[str, Any]:
    """Score the reviews with both engines; returns the differences, with accuracies if labelled."""
    encoded = encode(files, [review.text for review in reviews])
    settings = read_settings(files.checkpoint)
    both = {}
    for name in (OURS, OURS_FP32):
        contestant = Contestant(name, files, threads, encoded[0])
        both[name] = softmax(contestant.score(encoded)[1] / settings.temperature)
        contestant.close()
    labels = None
    if all(review.label in settings.labels for review in reviews):
        labels = np.array([settings.labels.index(str(review.label)) for review in reviews])
    return differences(both[OURS], both[OURS_FP32], labels)


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
