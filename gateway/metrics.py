"""The gateway's own Prometheus metrics.

They live in memory: the gateway is one process with threads, so nothing has to be merged.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.admission import Admission

# From the shortest way through the gateway to its usual read time-out, in seconds.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counts and latencies of one application; a registry of its own keeps tests apart."""

    def __init__(self, admission: Admission) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "gateway_requests",
            "Requests answered, by endpoint and status.",
            ("endpoint", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "gateway_request_seconds",
            "Time from the request's arrival to its answer, by endpoint.",
            ("endpoint",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._reviews = Counter(
            "gateway_reviews", "Reviews sent on to TorchServe.", registry=self._registry
        )
        self._failures = Counter(
            "gateway_upstream_failures",
            "Predictions that TorchServe did not answer, by error code.",
            ("code",),
            registry=self._registry,
        )
        in_flight = Gauge(
            "gateway_in_flight", "Requests at TorchServe now.", registry=self._registry
        )
        in_flight.set_function(lambda: admission.taken)

    def count_request(self, endpoint: str, status: int, seconds: float) -> None:
        """Record one answered request."""
        self._requests.labels(endpoint, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def count_reviews(self, reviews: int) -> None:
        """Record how many reviews a request carries to TorchServe."""
        self._reviews.inc(reviews)

    def count_failure(self, code: str) -> None:
        """Record a prediction that TorchServe did not answer."""
        self._failures.labels(code).inc()

    def as_text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
