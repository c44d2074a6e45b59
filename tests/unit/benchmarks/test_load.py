"""What the load generator sends, and what it makes of the answers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load import Load, LoadResult, run_load
from tests.http_server import serving

BODY = b'{"label": "positive"}'


class Service(BaseHTTPRequestHandler):
    """Answers with the status that the request's body names; 0 ends the connection instead."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = body["status"] if self.headers.get("Authorization") == "Bearer key" else 401
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Server-Timing", "tokenize;dur=0.25, inference;dur=0.75")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Service)) as address:
        yield f"{address}/predict"


def outcome(url: str, statuses: list[int], clients: int, rate: float | None = None) -> LoadResult:
    bodies = [json.dumps({"status": status}) for status in statuses]
    return run_load(Load(url, bodies, clients, {"Authorization": "Bearer key"}, rate))


@pytest.mark.parametrize(("clients", "rate"), [(1, None), (4, None), (1, 500.0)])
def test_every_request_is_sent_once_and_gives_one_sample(
    url: str, clients: int, rate: float | None
) -> None:
    statuses = [200, 503, 200, 0, 429] * 4
    found = outcome(url, statuses, clients, rate)
    samples = sorted(found.samples, key=lambda sample: sample.index)
    assert [sample.index for sample in samples] == list(range(len(statuses)))
    assert [sample.status for sample in samples] == statuses
    assert len(found.answered) == statuses.count(200)
    assert max(sample.latency for sample in samples) <= found.seconds


def test_the_models_part_is_read_from_the_answer(url: str) -> None:
    (sample,) = outcome(url, [200], 1).samples
    assert sample.model == pytest.approx(0.001)
    assert sample.latency > 0


def test_no_request_is_started_after_the_limit(url: str) -> None:
    found = run_load(Load(url, ["{}"] * 100, 1, {}, arrivals_per_second=10.0, limit_s=0.05))
    assert len(found.samples) < 10
