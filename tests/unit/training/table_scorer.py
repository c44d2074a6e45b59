"""A predictor that answers from a table: tests know every probability beforehand."""

from collections.abc import Callable, Mapping, Sequence

from contract.answer import Prediction
from contract.errors import ReviewError


class TableScorer:
    """Gives each text the probabilities written for it; None: a review that cannot be scored."""

    engine_name = "table"

    def __init__(
        self,
        probabilities: Mapping[str, Sequence[float] | None] | Callable[[str], Sequence[float]],
        labels: Sequence[str] = ("negative", "positive"),
    ) -> None:
        self.labels = tuple(labels)
        self._probabilities = probabilities
        self.asked: list[str] = []

    def predict(self, reviews: Sequence[str]) -> list[Prediction | ReviewError]:
        self.asked += reviews
        return [self._answer(review) for review in reviews]

    def _answer(self, review: str) -> Prediction | ReviewError:
        table = self._probabilities
        values = table(review) if callable(table) else table[review]
        if values is None:
            return ReviewError("empty_review", "expected a review, found only white space")
        by_label = dict(zip(self.labels, values, strict=True))
        label = max(by_label, key=by_label.__getitem__)
        top = by_label[label]
        return Prediction(label, top, by_label, top >= 0.8, tokens=3, truncated="long" in review)
