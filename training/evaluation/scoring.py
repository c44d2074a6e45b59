"""Put labelled reviews through a predictor and keep its answers as arrays."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from tqdm import tqdm

from contract.answer import Prediction
from contract.errors import ReviewError
from handler.predictor import Predictor
from training.data.readers import DataError, Review
from training.evaluation.metrics import Booleans, Floats, Integers

# A predictor sorts by length within what it is given; this many keep the progress bar moving too.
REVIEWS_PER_CALL = 256
MIN_REVIEWS_PER_LABEL = 2


class Scorer(Protocol):
    """What evaluation needs of a predictor."""

    @property
    def labels(self) -> Sequence[str]:
        """Labels of the checkpoint in index order."""

    @property
    def engine_name(self) -> str:
        """Name of the engine that computes the answers."""

    def predict(self, reviews: Sequence[str]) -> list[Prediction | ReviewError]:
        """Answer each review in order; a review that cannot be scored gets its error."""


def load_scorer(checkpoint: Path, engine: str) -> Scorer:
    """Load the predictor that also serves; raises CheckpointError or EngineError."""
    return Predictor.load(checkpoint, engine=engine)


@dataclass(frozen=True)
class Scores:
    """Answers to n labelled reviews: `probabilities` (n, labels), everything else (n,)."""

    labels: tuple[str, ...]
    ids: tuple[str, ...]
    truth: Integers
    probabilities: Floats
    words: Integers
    truncated: Booleans
    unscored: dict[str, int]
    seconds: float
    engine: str

    @property
    def predicted(self) -> Integers:
        """Index of the most probable label."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def confidence(self) -> Floats:
        """Probability of the predicted label."""
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def correct(self) -> Booleans:
        """Whether the predicted label is the true one."""
        return np.asarray(self.predicted == self.truth)


def check_evaluable(reviews: Sequence[Review], labels: Sequence[str]) -> None:
    """Raise DataError unless the reviews can be measured against the checkpoint's labels."""
    counts = Counter(review.label for review in reviews)
    known = ", ".join(labels)
    unlabelled = counts.pop(None, 0)
    if unlabelled:
        raise DataError(
            f"expected a label on every review, found {unlabelled} without; take another split."
        )
    unknown = {label: count for label, count in counts.items() if label not in labels}
    if unknown:
        found = ", ".join(f"{label!r} ({count} reviews)" for label, count in unknown.items())
        raise DataError(
            f"expected the checkpoint's labels ({known}), found {found}; rename or remove these "
            "labels in the data, or take a checkpoint that was trained on them."
        )
    least = MIN_REVIEWS_PER_LABEL * len(labels)
    if len(reviews) < least:
        raise DataError(
            f"expected at least {least} reviews to measure anything, found {len(reviews)}; add "
            "labelled reviews."
        )
    if len(counts) == 1:
        raise DataError(
            f"expected at least two different labels out of {known}, found only "
            f"{next(iter(counts))!r}: precision and calibration mean nothing on one label; add "
            "reviews with the others."
        )


def score_reviews(scorer: Scorer, reviews: Sequence[Review]) -> Scores:
    """Predict every review, progress shown on stderr; raises DataError if none can be scored."""
    started = time.perf_counter()
    answers = list(_predict(scorer, reviews))
    seconds = time.perf_counter() - started
    scored = [
        (r, a) for r, a in zip(reviews, answers, strict=True) if not isinstance(a, ReviewError)
    ]
    unscored = Counter(answer.code for answer in answers if isinstance(answer, ReviewError))
    if not scored:
        raise DataError(
            f"expected reviews that can be scored, found only errors: {dict(unscored)}."
        )
    labels = tuple(scorer.labels)
    probabilities = probability_matrix([answer for _, answer in scored], labels)
    return Scores(
        labels=labels,
        ids=tuple(review.id for review, _ in scored),
        truth=np.array([labels.index(review.label or "") for review, _ in scored], np.int64),
        probabilities=probabilities,
        words=np.array([len(review.text.split()) for review, _ in scored], np.int64),
        truncated=np.array([answer.truncated for _, answer in scored], np.bool_),
        unscored=dict(unscored),
        seconds=seconds,
        engine=scorer.engine_name,
    )


def probability_matrix(answers: Sequence[Prediction], labels: Sequence[str]) -> Floats:
    """Stack the probabilities to (reviews, labels); raises DataError if one is not a number."""
    matrix = np.array([[a.probabilities[label] for label in labels] for a in answers], np.float64)
    if not np.isfinite(matrix).all():
        broken = int((~np.isfinite(matrix).all(axis=1)).sum())
        raise DataError(
            f"expected probabilities, found NaN or infinity for {broken} of {len(answers)} "
            "reviews: the checkpoint's weights are broken or the engine overflows; try --engine "
            "torch-fp32."
        )
    return matrix


def _predict(scorer: Scorer, reviews: Sequence[Review]) -> Iterator[Prediction | ReviewError]:
    with tqdm(total=len(reviews), desc="evaluate", unit=" reviews", file=sys.stderr) as bar:
        for start in range(0, len(reviews), REVIEWS_PER_CALL):
            chunk = [review.text for review in reviews[start : start + REVIEWS_PER_CALL]]
            yield from scorer.predict(chunk)
            bar.update(len(chunk))
