"""The worker's metrics, read from TorchServe at each scrape and named by Prometheus' conventions.

TorchServe's metrics address stays on loopback. What is listed here is all that leaves it: numbers,
each under a name and labels of its own.
"""

import logging
import math
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import urllib3
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from gateway.errors import GatewayError
from gateway.torchserve import ModelState

logger = logging.getLogger("gateway.worker_metrics")

_TIMEOUT: Final = urllib3.Timeout(connect=0.5, read=1.0)
# TorchServe's name, the name here, what it tells, the factor to the unit in the name.
_COUNTERS: Final = (
    ("ReviewsScored", "sentiment_reviews_scored", "Reviews that the worker scored.", 1),
    ("TokensScored", "sentiment_tokens_scored", "Tokens that the worker scored.", 1),
    ("ts_inference_requests_total", "torchserve_requests", "Requests to the model.", 1),
    ("ts_queue_latency_microseconds", "torchserve_queue_seconds", "Waiting for the worker.", 1e-6),
    ("ts_inference_latency_microseconds", "torchserve_inference_seconds", "Whole requests.", 1e-6),
)
_HISTOGRAMS: Final = (
    ("TokenizeSeconds", "sentiment_tokenize_seconds", "Tokenizing one batch."),
    ("InferenceSeconds", "sentiment_inference_seconds", "Scoring one batch."),
)


class WorkerMetrics(Collector):
    """Asks TorchServe's metrics and management addresses when Prometheus asks the gateway."""

    def __init__(self, address: str, state: Callable[[], ModelState]) -> None:
        self._address = f"{address}/metrics"
        self._state = state
        self._http = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)
        self._workers: frozenset[tuple[str, int]] = frozenset()
        self._served = ""
        self._restarts = 0
        self._lock = threading.Lock()

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registration must not ask TorchServe, which may not be up yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield what both addresses tell; of one that does not answer, only that it is down."""
        yield from self._of_management()
        yield from self._of_worker()

    def _of_management(self) -> Iterator[Metric]:
        ready = GaugeMetricFamily("sentiment_workers_ready", "Workers that take work now.")
        restarts = CounterMetricFamily(
            "sentiment_worker_restarts", "Workers that took another's place, as seen by scrapes."
        )
        queue = GaugeMetricFamily(
            "torchserve_queue_places_left", "Requests that TorchServe's queue would still take."
        )
        try:
            state = self._state()
        except GatewayError:
            ready.add_metric((), 0)
        else:
            ready.add_metric((), state.worker_states.count("READY"))
            queue.add_metric((), state.queue_places_left)
            self._note(state)
        restarts.add_metric((), self._restarts)
        yield from (ready, restarts, queue)

    def _note(self, state: ModelState) -> None:
        with self._lock:
            # The workers of another model, put in the place of the old one, are not a restart.
            if state.workers and self._workers and state.served == self._served:
                self._restarts += len(state.workers - self._workers)
            self._workers = state.workers or self._workers
            self._served = state.served

    def _of_worker(self) -> Iterator[Metric]:
        text = self._text()
        up = GaugeMetricFamily("torchserve_up", "Whether TorchServe's metrics could be read.")
        up.add_metric((), text is not None)
        yield up
        samples = list(_samples(text or ""))
        for source, name, meaning, factor in _COUNTERS:
            yield _counter(samples, source, CounterMetricFamily(name, meaning, labels=()), factor)
        for source, name, meaning in _HISTOGRAMS:
            yield from _histogram(samples, source, name, meaning)
        yield _engines(samples)

    def _text(self) -> str | None:
        try:
            response = self._http.request("GET", self._address)
        except urllib3.exceptions.HTTPError as error:
            logger.warning("TorchServe's metrics cannot be read: %s", type(error).__name__)
            return None
        return response.data.decode("utf-8", "replace") if response.status == 200 else None


def _samples(text: str) -> Iterator[Sample]:
    try:
        for family in text_string_to_metric_families(text):
            yield from family.samples
    except ValueError:
        logger.warning("TorchServe's metrics are not in Prometheus' format")


def _counter(
    samples: list[Sample], source: str, family: CounterMetricFamily, factor: float
) -> CounterMetricFamily:
    # The parser adds _total to a counter's name unless it is there.
    names = (source, f"{source}_total", source.removesuffix("_total"))
    found = [sample.value for sample in samples if sample.name in names]
    family.add_metric((), sum(found) * factor)
    return family


def _histogram(
    samples: list[Sample], source: str, name: str, meaning: str
) -> Iterator[HistogramMetricFamily]:
    buckets: dict[float, float] = {}
    for sample in samples:
        if sample.name == f"{source}_bucket":
            bound = float(sample.labels["le"])
            buckets[bound] = buckets.get(bound, 0.0) + sample.value
    if math.inf not in buckets:
        return
    total = sum(sample.value for sample in samples if sample.name == f"{source}_sum")
    family = HistogramMetricFamily(name, meaning)
    texts = [
        ("+Inf" if math.isinf(bound) else f"{bound:g}", buckets[bound]) for bound in sorted(buckets)
    ]
    family.add_metric((), texts, total)
    yield family


def _engines(samples: list[Sample]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "sentiment_engine_info", "The engine that scores.", labels=("engine",)
    )
    for engine in sorted({s.labels["Engine"] for s in samples if "Engine" in s.labels})[:8]:
        family.add_metric((engine,), 1)
    return family
