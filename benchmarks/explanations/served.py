"""Whole explanations as they are served: their cost, what they call mixed, where int8 differs."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.explanations.faithfulness import timed
from contract.answer import Prediction
from handler.explainer import Explainer
from handler.predictor import Predictor
from training.data.readers import Review

WHOLE: Final = "the whole explanation"


@dataclass(frozen=True)
class Whole:
    """One review's explanation; `passes` is its processor time without that of the verdict."""

    review: str
    #: the writer's stars, 1 to 10
    rating: int | None
    mixed: bool
    #: whether the network that is explained has another verdict than the engine
    differs: bool
    passes: float


class Server:
    """The objects that a worker holds: the predictor, and the explainer beside it."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._predictor = Predictor.load(folder, threads=threads)
        self._explainer = Explainer.load(folder, self._predictor)

    def explain(self, review: Review, pass_seconds: float) -> Whole:
        """Score a review and explain it; a forward pass takes that many seconds."""
        (prediction,) = self._predictor.predict([review.text])
        assert isinstance(prediction, Prediction)
        explanation, seconds = timed(self._explainer.explain, review.text, prediction)
        rating = re.search(r"_(\d+)", review.id)
        return Whole(
            review.id,
            int(rating[1]) if rating else None,
            explanation.mixed,
            explanation.explained.label != prediction.label,
            seconds / pass_seconds,
        )
