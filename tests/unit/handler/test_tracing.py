"""The worker's spans: a batch of many callers, linked with each of their traces."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from handler.sentiment_handler import SentimentHandler
from handler.tracing import SWITCHES, load_tracing
from tests.collector import Collector, collecting
from tests.unit.handler.test_sentiment_handler import JSON, MockContext

TRACES = ("0af7651916cd43dd8448eb211c80319c", "1bf7651916cd43dd8448eb211c80319d")
CALLERS = ("b7ad6b7169203331", "c7ad6b7169203332")
SAMPLED = [f"00-{trace}-{caller}-01" for trace, caller in zip(TRACES, CALLERS, strict=True)]
SECRET = "nobody else may read this"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector:
        monkeypatch.setenv(SWITCHES[0], collector.url)
        yield collector


def answer(checkpoint: Path, *headers: str | None) -> None:
    """Have a handler of its own answer a batch of one row for each of these headers."""
    given = {i: {"traceparent": each} for i, each in enumerate(headers) if each is not None}
    context = MockContext(checkpoint, *[JSON] * len(headers), headers=given)
    handler = SentimentHandler()
    handler.initialize(context)
    handler.handle([{"body": json.dumps({"review": SECRET}).encode()} for _ in headers], context)
    handler.later.make_calls()


def test_a_batch_is_a_trace_of_its_own_linked_with_each_callers(
    tiny_checkpoint: Path, collector: Collector
) -> None:
    answer(tiny_checkpoint, *SAMPLED)
    batch = collector.wait_for("batch", "tokenize", "score", "answer")["batch"]
    assert batch.links == set(CALLERS)
    assert batch.trace not in TRACES
    assert batch.attributes["rows"] == batch.attributes["reviews"] == 2
    parts = [span for span in collector.spans if span.parent == batch.id]
    assert {span.name for span in parts} == {"tokenize", "score", "answer"}
    rows = [span for span in collector.spans if span.trace in TRACES]
    assert {(span.trace, span.parent) for span in rows} == set(zip(TRACES, CALLERS, strict=True))
    assert [span.links for span in rows] == [{batch.id}] * 2


@pytest.mark.parametrize("other", [None, "", "nonsense", f"00-{TRACES[1]}-{CALLERS[1]}-00"])
def test_a_neighbour_without_a_trace_is_answered_and_not_traced(
    other: str | None, tiny_checkpoint: Path, collector: Collector
) -> None:
    answer(tiny_checkpoint, SAMPLED[0], other)
    batch = collector.wait_for("batch", "answer")["batch"]
    assert batch.links == {CALLERS[0]}
    assert batch.attributes["rows"] == 2


def test_no_span_holds_text(tiny_checkpoint: Path, collector: Collector) -> None:
    answer(tiny_checkpoint, *SAMPLED)
    collector.wait_for("batch")
    assert all(b"nobody else" not in body for body in collector.bodies)


def test_off_it_imports_nothing(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)  # an import then fails
    assert not load_tracing({}).is_on
    answer(tiny_checkpoint, *SAMPLED)


def test_switched_on_without_its_packages_it_says_so_and_answers(
    tiny_checkpoint: Path,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    answer(tiny_checkpoint, *SAMPLED)
    assert "No spans: expected the packages of tracing" in caplog.text
    assert collector.spans == []
