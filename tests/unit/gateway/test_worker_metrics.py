"""TorchServe's metrics under this service's names, and what a scrape says without TorchServe."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from prometheus_client import CollectorRegistry

from gateway.errors import GatewayError
from gateway.torchserve import ModelState
from gateway.worker_metrics import WorkerMetrics
from tests.http_server import serving

TEXT = """\
# HELP ReviewsScored Torchserve prometheus counter metric with unit: Count
# TYPE ReviewsScored counter
ReviewsScored{Engine="openvino-int8",ModelName="sentiment",Level="Model",Hostname="here",} 7.0
# TYPE ts_queue_latency_microseconds counter
ts_queue_latency_microseconds{model_name="sentiment",model_version="1.0",hostname="here",} 2500000.0
# TYPE ts_inference_requests_total counter
ts_inference_requests_total{model_name="sentiment",model_version="1.0",hostname="here",} 5.0
# TYPE InferenceSeconds histogram
InferenceSeconds_bucket{Engine="openvino-int8",ModelName="sentiment",Level="Model",le="0.005",} 1.0
InferenceSeconds_bucket{Engine="openvino-int8",ModelName="sentiment",Level="Model",le="+Inf",} 3.0
InferenceSeconds_count{Engine="openvino-int8",ModelName="sentiment",Level="Model",} 3.0
InferenceSeconds_sum{Engine="openvino-int8",ModelName="sentiment",Level="Model",} 0.5
"""


class _Metrics(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(TEXT.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay silent."""


@pytest.fixture
def address() -> Iterator[str]:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _Metrics)) as url:
        yield url


def registry_of(address: str, *states: ModelState) -> CollectorRegistry:
    """Return a registry that meets these states of the model, one at each scrape."""
    remaining = iter(states)

    def state() -> ModelState:
        try:
            return next(remaining)
        except StopIteration:
            raise GatewayError(502, "upstream_unreachable", "It is away.") from None

    registry = CollectorRegistry()
    registry.register(WorkerMetrics(address, state))
    return registry


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("torchserve_up", {}, 1),
        ("sentiment_reviews_scored_total", {}, 7),
        ("torchserve_requests_total", {}, 5),
        ("torchserve_queue_seconds_total", {}, 2.5),
        ("sentiment_inference_seconds_count", {}, 3),
        ("sentiment_inference_seconds_sum", {}, 0.5),
        ("sentiment_inference_seconds_bucket", {"le": "0.005"}, 1),
        ("sentiment_engine_info", {"engine": "openvino-int8"}, 1),
        ("sentiment_tokens_scored_total", {}, 0),
    ],
)
def test_metrics_keep_their_values_under_conventional_names(
    address: str, name: str, labels: dict[str, str], value: float
) -> None:
    assert registry_of(address).get_sample_value(name, labels) == pytest.approx(value)


def test_workers_and_queue_are_told() -> None:
    registry = registry_of("http://127.0.0.1:1", *[ModelState(("READY", "UNLOADING"), 200)] * 2)
    assert registry.get_sample_value("sentiment_workers_ready") == 1
    assert registry.get_sample_value("torchserve_queue_places_left") == 200


def test_a_worker_in_anothers_place_is_a_restart() -> None:
    states = [ModelState(("READY",), 1, frozenset({("9000", pid)})) for pid in (11, 11, 12)]
    away = ModelState((), 1)
    registry = registry_of("http://127.0.0.1:1", *states[:2], away, *states[2:])
    name = "sentiment_worker_restarts_total"
    assert [registry.get_sample_value(name) for _ in range(4)] == [0, 0, 0, 1]


def test_another_model_in_the_place_of_the_old_one_is_no_restart() -> None:
    states = [
        ModelState(("READY",), 1, frozenset({("9000", 11)}), "1.0"),
        ModelState(("READY",), 1, frozenset({("9001", 12)}), "2.0"),
        ModelState(("READY",), 1, frozenset({("9001", 13)}), "2.0"),
    ]
    registry = registry_of("http://127.0.0.1:1", *states)
    name = "sentiment_worker_restarts_total"
    assert [registry.get_sample_value(name) for _ in range(3)] == [0, 0, 1]


def test_without_torchserve_a_scrape_says_so_and_goes_on() -> None:
    registry = registry_of("http://127.0.0.1:1")
    assert registry.get_sample_value("torchserve_up") == 0
    assert registry.get_sample_value("sentiment_workers_ready") == 0
    assert registry.get_sample_value("torchserve_queue_places_left") is None
