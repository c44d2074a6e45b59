"""What the answers say, counted: labels, doubt, length, and drift away from the training set."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from contract.distribution import QUANTITIES, buckets, stability_index
from gateway.drift import FEWEST, WINDOW, Drift, Reference, read_reference
from gateway.verdicts import OTHER, VerdictMetrics

VERSION = "0123456789ab"


def prediction(
    confidence: float = 0.97, tokens: int = 200, label: str = "positive", **fields: Any
) -> dict[str, Any]:
    return {
        "label": label,
        "confidence": confidence,
        "tokens": tokens,
        "certain": True,
        "truncated": False,
        **fields,
    }


def traffic(seed: int, count: int, length: int = 200, doubt: float = 0.1) -> list[dict[str, Any]]:
    """Return predictions as a model gives them: lengths around a mean, a share in doubt."""
    chance = random.Random(seed)
    return [
        prediction(
            confidence=chance.uniform(0.5, 0.8) if chance.random() < doubt else 0.97,
            tokens=max(3, min(512, int(chance.expovariate(1 / length)))),
            label=chance.choice(("negative", "positive")),
        )
        for _ in range(count)
    ]


def reference(predictions: list[dict[str, Any]]) -> Reference:
    counts: dict[str, dict[str, int]] = {quantity: {} for quantity in QUANTITIES}
    for each in predictions:
        for quantity, bucket in buckets(each).items():
            counts[quantity][bucket] = counts[quantity].get(bucket, 0) + 1
    return Reference(VERSION, counts)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> VerdictMetrics:
    return VerdictMetrics(registry, Drift(reference(traffic(1, 5000))))


def send(metrics: VerdictMetrics, predictions: list[dict[str, Any]]) -> None:
    metrics.saw_answer(json.dumps({"predictions": predictions}).encode(), VERSION)


def drift(registry: CollectorRegistry, quantity: str) -> float | None:
    return registry.get_sample_value("sentiment_drift_index", {"quantity": quantity})


def test_labels_doubt_and_cuts_are_counted(
    metrics: VerdictMetrics, registry: CollectorRegistry
) -> None:
    metrics.saw_answer(json.dumps(prediction(label="negative")).encode(), VERSION)
    send(metrics, [prediction(certain=False), prediction(truncated=True), {"error": {}}])
    value = registry.get_sample_value
    assert value("sentiment_verdicts_total", {"label": "negative"}) == 1
    assert value("sentiment_verdicts_total", {"label": "positive"}) == 2
    assert value("sentiment_uncertain_verdicts_total") == 1
    assert value("sentiment_truncated_reviews_total") == 1
    assert value("sentiment_unscored_reviews_total") == 1
    assert value("sentiment_confidence_ratio_count") == 3
    assert value("sentiment_review_tokens_sum") == 600


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"predictions": 1}', b'{"label": 1}'])
def test_an_answer_of_another_shape_is_not_counted(
    metrics: VerdictMetrics, registry: CollectorRegistry, body: bytes
) -> None:
    metrics.saw_answer(body, VERSION)
    assert registry.get_sample_value("sentiment_confidence_ratio_count") == 0


def test_labels_cannot_multiply_without_end(
    metrics: VerdictMetrics, registry: CollectorRegistry
) -> None:
    send(metrics, [prediction(label=f"label {number}") for number in range(100)])
    assert registry.get_sample_value("sentiment_verdicts_total", {"label": OTHER}) == 100 - 32


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_traffic_like_the_training_set_does_not_drift(
    metrics: VerdictMetrics, registry: CollectorRegistry, quantity: str
) -> None:
    send(metrics, traffic(2, WINDOW))
    index = drift(registry, quantity)
    assert index is not None
    assert index < 0.05


@pytest.mark.parametrize(
    ("shifted", "quantity"),
    [
        (traffic(3, WINDOW, length=30), "tokens"),
        (traffic(3, WINDOW, doubt=0.5), "confidence"),
        ([prediction(label="negative")] * WINDOW, "label"),
    ],
    ids=["one-liners", "doubt", "one label"],
)
def test_shifted_traffic_drifts_in_what_has_shifted(
    metrics: VerdictMetrics,
    registry: CollectorRegistry,
    shifted: list[dict[str, Any]],
    quantity: str,
) -> None:
    send(metrics, traffic(2, WINDOW))
    send(metrics, shifted)
    index = drift(registry, quantity)
    assert index is not None
    assert index > 0.25


def test_few_verdicts_tell_nothing(metrics: VerdictMetrics, registry: CollectorRegistry) -> None:
    send(metrics, traffic(2, FEWEST - 1))
    assert drift(registry, "tokens") is None


def test_another_version_is_not_compared(
    metrics: VerdictMetrics, registry: CollectorRegistry
) -> None:
    body = json.dumps({"predictions": traffic(2, FEWEST)}).encode()
    metrics.saw_answer(body, "another one")
    assert drift(registry, "tokens") is None


@pytest.mark.parametrize("content", [None, "", "[]", '{"model_version": "1"}', '{"label": 3}'])
def test_without_a_fit_reference_there_is_no_drift(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "reference.json"
    if content is not None:
        path.write_text(content)
    assert read_reference(path) is None


def test_the_index_is_zero_for_the_same_and_grows_with_the_distance() -> None:
    same = stability_index({"a": 100, "b": 100}, {"a": 1000, "b": 1000})
    near = stability_index({"a": 100, "b": 100}, {"a": 120, "b": 80})
    far = stability_index({"a": 100, "b": 100}, {"c": 200})
    assert same == pytest.approx(0, abs=1e-4)
    assert same < near < far
