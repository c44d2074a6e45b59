"""Measures of a classifier's answers, in plain NumPy: arrays in, figures out.

Shapes used throughout: `probabilities` (reviews, labels) float; `truth` and `predicted` (reviews,)
label indices; `confidence` (reviews,) probability of the predicted label; `correct` (reviews,)
bool.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

ECE_BINS = 15
WORD_EDGES = (64, 128, 256, 512)


@dataclass(frozen=True)
class LabelScore:
    """Precision, recall and F1 of one label, with the number of reviews that truly carry it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class ReliabilityBin:
    """One confidence interval (low, high] with what the model claimed in it and what came true."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class CoveragePoint:
    """Accuracy on the answered reviews when only those with confidence ≥ threshold are answered."""

    coverage: float
    accuracy: float
    threshold: float


@dataclass(frozen=True)
class LengthBucket:
    """Accuracy of the reviews that have low to high words (high None: no upper end)."""

    low: int
    high: int | None
    count: int
    accuracy: float
    standard_error: float


def accuracy(truth: Integers, predicted: Integers) -> float:
    """Share of reviews whose predicted label is the true one."""
    return float(np.mean(truth == predicted))


def standard_error(share: float, count: int) -> float:
    """Binomial standard error of a share measured on `count` reviews: gaps below it are noise."""
    return math.sqrt(share * (1.0 - share) / count)


def confusion_matrix(truth: Integers, predicted: Integers, labels: int) -> Integers:
    """Counts of shape (labels, labels): the row is the true label, the column the predicted one."""
    cells = np.bincount(truth * labels + predicted, minlength=labels * labels)
    return cells.reshape(labels, labels).astype(np.int64)


def label_scores(confusion: Integers) -> list[LabelScore]:
    """Precision, recall and F1 per label from a confusion matrix; 0 where there is nothing."""
    hits = np.diag(confusion).astype(np.float64)
    predicted, support = confusion.sum(axis=0), confusion.sum(axis=1)
    precision = _ratio(hits, predicted)
    recall = _ratio(hits, support)
    f1 = _ratio(2 * hits, predicted + support)
    rows = zip(precision, recall, f1, support, strict=True)
    return [LabelScore(float(p), float(r), float(f), int(s)) for p, r, f, s in rows]


def reliability(
    confidence: Floats, correct: Booleans, bins: int = ECE_BINS
) -> list[ReliabilityBin]:
    """The non-empty ones of `bins` equal-width confidence intervals, each (low, high]."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    index = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    found = []
    for number in np.unique(index):
        inside = index == number
        claimed, true = float(confidence[inside].mean()), float(correct[inside].mean())
        low, high = float(edges[number]), float(edges[number + 1])
        found.append(ReliabilityBin(low, high, int(inside.sum()), claimed, true))
    return found


def expected_calibration_error(
    confidence: Floats, correct: Booleans, bins: int = ECE_BINS
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins (Guo et al. 2017, eq. 3)."""
    gaps = [
        each.count * abs(each.accuracy - each.confidence)
        for each in reliability(confidence, correct, bins)
    ]
    return sum(gaps) / len(confidence)


def log_loss(probabilities: Floats, truth: Integers) -> float:
    """Mean negative log of the probability given to the true label, in nats."""
    true_probability = probabilities[np.arange(len(truth)), truth]
    tiny = np.finfo(np.float64).tiny  # a probability rounded to 0 must not give infinity
    return float(-np.log(np.maximum(true_probability, tiny)).mean())


def brier_score(probabilities: Floats, truth: Integers) -> float:
    """Mean squared distance to the one-hot truth over all labels (Brier 1950): 0 best, 2 worst."""
    one_hot = np.eye(probabilities.shape[1])[truth]
    return float(((probabilities - one_hot) ** 2).sum(axis=1).mean())


def coverage_curve(confidence: Floats, correct: Booleans) -> list[CoveragePoint]:
    """One point per distinct confidence, most confident first; equal confidences enter together."""
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    answered = np.arange(1, len(order) + 1)
    hits = np.cumsum(correct[order])
    last_of_ties = np.append(sorted_confidence[1:] != sorted_confidence[:-1], True)
    return [
        CoveragePoint(float(n / len(order)), float(h / n), float(t))
        for n, h, t in zip(
            answered[last_of_ties], hits[last_of_ties], sorted_confidence[last_of_ties], strict=True
        )
    ]


def accuracy_at_coverage(
    confidence: Floats, correct: Booleans, coverage: float = 0.9
) -> CoveragePoint:
    """The highest threshold that answers at least `coverage` of the reviews, and its accuracy."""
    wanted = math.ceil(coverage * len(confidence) - 1e-9)
    threshold = np.sort(confidence)[len(confidence) - wanted]
    answered = confidence >= threshold
    return CoveragePoint(float(answered.mean()), float(correct[answered].mean()), float(threshold))


def accuracy_by_length(
    words: Integers, correct: Booleans, edges: Sequence[int] = WORD_EDGES
) -> list[LengthBucket]:
    """Accuracy of short to long reviews: each edge is the last word count of its bucket."""
    lows = [1, *(edge + 1 for edge in edges)]
    highs: list[int | None] = [*edges, None]
    index = np.searchsorted(np.asarray(edges), words, side="left")
    buckets = []
    for number, (low, high) in enumerate(zip(lows, highs, strict=True)):
        inside = correct[index == number]
        if len(inside):
            share = float(inside.mean())
            error = standard_error(share, len(inside))
            buckets.append(LengthBucket(low, high, len(inside), share, error))
    return buckets


def _ratio(part: Floats, whole: Integers) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)
