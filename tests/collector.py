"""An OpenTelemetry collector in the tests' own process: takes spans by OTLP over HTTP."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.http_server import serving


@dataclass(frozen=True)
class Span:
    """One span as it arrived."""

    name: str
    trace: str
    id: str
    parent: str
    links: frozenset[str]
    attributes: dict[str, Any]


@dataclass
class Collector:
    """Where spans are to be sent, and those that have come."""

    url: str
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[Span]:
        """Every span so far."""
        return [span for body in self.bodies for span in _spans(body)]

    def wait_for(self, *names: str, seconds: float = 30.0) -> dict[str, Span]:
        """Return one span of each of these names as soon as all have come."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = {span.name: span for span in self.spans}
            if set(names) <= found.keys():
                return found
            time.sleep(0.05)
        raise AssertionError(f"expected {names}, found {[span.name for span in self.spans]}")


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    collector = server.collector = Collector(  # type: ignore[attr-defined]
        f"http://127.0.0.1:{server.server_port}"
    )
    with serving(server):
        yield collector


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.collector.bodies.append(body)  # type: ignore[attr-defined]
        self.send_response(200 if self.path == "/v1/traces" else 404)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Stay silent."""


def _spans(body: bytes) -> Iterator[Span]:
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    frozenset(link.span_id.hex() for link in span.links),
                    {each.key: _value(each.value) for each in span.attributes},
                )


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))
