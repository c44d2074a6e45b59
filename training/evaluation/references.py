"""Measure a reference that is no checkpoint with the code that measures checkpoints."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from contract.answer import Prediction
from contract.checks import check_review
from contract.errors import ReviewError
from handler.predictor import verdict
from training.data.readers import DataError, Review
from training.data.splits import Splits
from training.evaluation.scoring import check_evaluable, score_reviews
from training.evaluation.temperature import fit_temperature, logits_from

LogProbabilities = Callable[[Sequence[str]], NDArray[np.float64]]


class ReferenceScorer:
    """Answers as a predictor does; `log_probabilities` maps raw texts to (texts, labels)."""

    def __init__(
        self, labels: Sequence[str], engine_name: str, log_probabilities: LogProbabilities
    ) -> None:
        self.labels = tuple(labels)
        self.engine_name = engine_name
        self.temperature = 1.0
        self._log_probabilities = log_probabilities

    def predict(self, reviews: Sequence[str]) -> list[Prediction | ReviewError]:
        """Score reviews in order; one that cannot be scored gives its error in its place."""
        checked = [_checked(review) for review in reviews]
        scored = iter(self._score([each for each in checked if isinstance(each, str)]))
        return [next(scored) if isinstance(each, str) else each for each in checked]

    def calibrate(self, reviews: Sequence[Review]) -> None:
        """Fit the temperature on validation reviews, as every checkpoint's is."""
        scores = score_reviews(self, reviews)
        self.temperature = fit_temperature(logits_from(scores, self.temperature), scores.truth)

    def _score(self, texts: list[str]) -> list[Prediction]:
        if not texts:
            return []
        probabilities = softmax(self._log_probabilities(texts) / self.temperature, axis=1)
        return [self._prediction(*pair) for pair in zip(texts, probabilities, strict=True)]

    def _prediction(self, text: str, probabilities: NDArray[np.float64]) -> Prediction:
        return verdict(self.labels, probabilities, 0.0, len(text.split()), truncated=False)


def _checked(review: str) -> str | ReviewError:
    try:
        return check_review(review)
    except ReviewError as error:
        return error


def reviews_of(splits: Splits, part: str) -> list[Review]:
    """Return the validation or test part; raises DataError if nothing can be measured on it."""
    reviews = splits.validation if part == "validation" else splits.test
    if not reviews:
        raise DataError(
            "expected data with a test part, found a table without one; use --split validation, "
            "or --protocol tutorial to cut a test part."
        )
    check_evaluable(reviews, splits.labels)
    return reviews
