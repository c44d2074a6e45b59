"""The gateway's own Prometheus metrics.

They live in memory: the gateway is one process with threads, so nothing has to be merged.
"""

import platform
import time
from collections.abc import Callable
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from gateway.admission import Admission
from gateway.docs import read_document
from gateway.settings import Settings
from gateway.tokens import KINDS, Kind

# From the shortest way through the gateway to its usual read time-out, in seconds.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counts and latencies of one application; a registry of its own keeps tests apart."""

    def __init__(self, admission: Admission, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        self._running: dict[int, float] = {}
        self._count_requests()
        self._reviews = Counter(
            "gateway_reviews", "Reviews sent on to TorchServe.", registry=self.registry
        )
        self._failures = Counter(
            "gateway_upstream_failures",
            "Predictions that TorchServe did not answer, by error code.",
            ("code",),
            registry=self.registry,
        )
        self._gauge("gateway_in_flight", "Requests at TorchServe now.", lambda: admission.taken)
        self._gauge(
            "gateway_places", "Requests that may be in flight.", lambda: settings.max_in_flight
        )
        self._gauge(
            "gateway_oldest_request_seconds", "Age of the oldest request.", self._oldest_seconds
        )
        build = Info("gateway_build", "What runs here.", registry=self.registry)
        build.info(
            {"version": read_document()["info"]["version"], "python": platform.python_version()}
        )
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def _count_requests(self) -> None:
        self._requests = Counter(
            "gateway_requests",
            "Requests answered, by endpoint and status.",
            ("endpoint", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "gateway_request_seconds",
            "Time from the request's arrival to its answer, by endpoint and class of status.",
            ("endpoint", "status_class"),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def _gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        Gauge(name, meaning, registry=self.registry).set_function(value)

    def watch_tokens(self, expires_at: Callable[[Kind], float]) -> None:
        """Report when each of TorchServe's tokens expires; 0 as long as none was read."""
        expiry = Gauge(
            "gateway_token_expiry_timestamp_seconds",
            "When the token for an address of TorchServe expires.",
            ("kind",),
            registry=self.registry,
        )
        for kind in KINDS:
            expiry.labels(kind).set_function(partial(expires_at, kind))

    def begin(self, request: int, moment: float) -> None:
        """Take note that a request has begun."""
        self._running[request] = moment

    def end(self, request: int) -> None:
        """Take note that a request has ended."""
        self._running.pop(request, None)

    def _oldest_seconds(self) -> float:
        # A copy: requests come and go meanwhile. The scrape itself is the youngest of them.
        moments = list(self._running.values())
        return time.perf_counter() - min(moments) if moments else 0.0

    def count_request(self, endpoint: str, status: int, seconds: float) -> None:
        """Record one answered request."""
        self._requests.labels(endpoint, str(status)).inc()
        self._seconds.labels(endpoint, f"{status // 100}xx").observe(seconds)

    def count_reviews(self, reviews: int) -> None:
        """Record how many reviews a request carries to TorchServe."""
        self._reviews.inc(reviews)

    def count_failure(self, code: str) -> None:
        """Record a prediction that TorchServe did not answer."""
        self._failures.labels(code).inc()

    def as_text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
