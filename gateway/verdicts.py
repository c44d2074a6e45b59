"""What the answers say, counted: labels, confidence, length, doubt. No text, no offsets."""

import json
import threading
from collections.abc import Iterator
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from contract.distribution import CONFIDENCE_BOUNDS, QUANTITIES, TOKEN_BOUNDS, buckets
from gateway.drift import Drift

# A checkpoint with more labels than this is counted in full, the rest of its labels as one.
_MOST_LABELS: Final = 32
OTHER: Final = "(other)"


class VerdictMetrics(Collector):
    """Reads each answer on its way out; the labels are the checkpoint's, as they come."""

    def __init__(self, registry: CollectorRegistry, drift: Drift) -> None:
        self._drift = drift
        self._labels: set[str] = set()
        self._lock = threading.Lock()
        self._verdicts = Counter(
            "sentiment_verdicts", "Verdicts, by label.", ("label",), registry=registry
        )
        self._doubtful = Counter(
            "sentiment_uncertain_verdicts", "Verdicts that were not certain.", registry=registry
        )
        self._truncated = Counter(
            "sentiment_truncated_reviews", "Reviews that were not read in full.", registry=registry
        )
        self._unfit = Counter(
            "sentiment_unscored_reviews",
            "Reviews that got an error in place of a verdict.",
            registry=registry,
        )
        self._confidence = Histogram(
            "sentiment_confidence_ratio",
            "Probability of the verdict's label.",
            buckets=CONFIDENCE_BOUNDS,
            registry=registry,
        )
        self._tokens = Histogram(
            "sentiment_review_tokens",
            "Tokens that the model read of a review.",
            buckets=TOKEN_BOUNDS,
            registry=registry,
        )
        registry.register(self)

    def saw_answer(self, body: bytes, model_version: str) -> None:
        """Count the verdicts in the body of an answer with status 200."""
        for prediction in _predictions(body):
            if "error" in prediction:
                self._unfit.inc()
            else:
                self._count(prediction, model_version)

    def _count(self, prediction: dict[str, Any], model_version: str) -> None:
        label = self._bounded(str(prediction["label"]))
        self._verdicts.labels(label).inc()
        self._doubtful.inc(prediction.get("certain") is False)
        self._truncated.inc(bool(prediction["truncated"]))
        self._confidence.observe(prediction["confidence"])
        self._tokens.observe(prediction["tokens"])
        self._drift.saw({**buckets(prediction), "label": label}, model_version)

    def _bounded(self, label: str) -> str:
        with self._lock:
            if label in self._labels or len(self._labels) < _MOST_LABELS:
                self._labels.add(label)
                return label
        return OTHER

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the drift as it is now; no sample where it cannot be told."""
        family = GaugeMetricFamily(
            "sentiment_drift_index",
            "Population stability index of the last 2,000 verdicts against the training set.",
            labels=("quantity",),
        )
        for quantity in QUANTITIES:
            index = self._drift.index(quantity)
            if index is not None:
                family.add_metric((quantity,), index)
        yield family


def _predictions(body: bytes) -> list[dict[str, Any]]:
    """Return the predictions of an answer; none of one that is not in the contract's shape."""
    try:
        content = json.loads(body)
    except ValueError:
        return []
    if not isinstance(content, dict):
        return []
    several = content.get("predictions")
    found = several if isinstance(several, list) else [content]
    return [
        each for each in found if isinstance(each, dict) and ("error" in each or _is_whole(each))
    ]


def _is_whole(prediction: dict[str, Any]) -> bool:
    return {"label", "confidence", "tokens", "truncated"} <= prediction.keys()
