"""Spans of a request: the caller's trace goes on, and nothing of it is made while it is off."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from gateway.app import create_app
from gateway.settings import SettingsError
from gateway.tracing import SWITCHES, end_tracing
from tests.collector import Collector, collecting
from tests.unit.gateway.fake_torchserve import (
    NO_PLACE,
    PREDICTION,
    FakeTorchServe,
    as_json,
    running,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"
SECRET = "nobody else may read this"


@pytest.fixture
def torchserve(tmp_path: Path) -> Iterator[FakeTorchServe]:
    with running(tmp_path) as fake:
        yield fake


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector:
        monkeypatch.setenv(SWITCHES[0], collector.url)
        yield collector


def ask(app: Flask, traceparent: str | None, path: str = "/predict", body: str = SECRET) -> int:
    headers = {"traceparent": traceparent} if traceparent is not None else {}
    response = app.test_client().post(path, json={"review": body}, headers=headers)
    return response.status_code


@pytest.mark.parametrize("path", ["/predict", "/explain"])
def test_the_callers_trace_goes_on_to_torchserve(
    path: str, torchserve: FakeTorchServe, collector: Collector
) -> None:
    app = create_app(torchserve.settings())
    assert ask(app, TRACEPARENT, path) == 200
    end_tracing(app)
    found = collector.wait_for(f"POST {path}", "wait", "torchserve")
    own = found[f"POST {path}"]
    assert {span.trace for span in collector.spans} == {TRACE}
    assert own.parent == CALLER
    assert found["wait"].parent == found["torchserve"].parent == own.id
    assert own.attributes["http.response.status_code"] == 200
    (seen,) = torchserve.predictions
    assert seen.traceparent == f"00-{TRACE}-{found['torchserve'].id}-01"


def test_every_piece_of_a_long_list_has_its_own_spans(
    torchserve: FakeTorchServe, collector: Collector
) -> None:
    torchserve.prediction = as_json(200, {"predictions": [PREDICTION]})
    app = create_app(torchserve.settings())
    reviews = {"reviews": ["a fine film " * 300] * 20}
    assert app.test_client().post("/predict", json=reviews).status_code == 200
    end_tracing(app)
    collector.wait_for("POST /predict")
    pieces = [span for span in collector.spans if span.name == "torchserve"]
    assert len(pieces) == len(torchserve.predictions) > 1
    assert {span.id for span in pieces} == {
        seen.traceparent.split("-")[2] for seen in torchserve.predictions
    }


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"00-{'0' * 32}-{CALLER}-01",
        f"ff-{TRACE}-{CALLER}-01",
        f"00-{TRACE}-{'x' * 16}-01",
        "é" * 40,
    ],
)
def test_a_broken_traceparent_is_ignored(
    header: str, torchserve: FakeTorchServe, collector: Collector
) -> None:
    app = create_app(torchserve.settings())
    assert ask(app, header) == 200
    end_tracing(app)
    own = collector.wait_for("POST /predict")["POST /predict"]
    assert own.parent == ""
    assert own.trace not in (TRACE, "0" * 32)


def test_a_caller_that_does_not_sample_gets_no_spans(
    torchserve: FakeTorchServe, collector: Collector
) -> None:
    app = create_app(torchserve.settings())
    assert ask(app, TRACEPARENT.removesuffix("01") + "00") == 200
    end_tracing(app)
    assert collector.spans == []
    (seen,) = torchserve.predictions
    assert seen.traceparent.endswith("-00")


def test_a_failure_is_named_by_its_code(torchserve: FakeTorchServe, collector: Collector) -> None:
    torchserve.prediction = NO_PLACE
    app = create_app(torchserve.settings())
    assert ask(app, TRACEPARENT) == 429
    end_tracing(app)
    found = collector.wait_for("POST /predict", "torchserve")
    assert found["torchserve"].attributes["error.type"] == "queue_full"
    assert found["POST /predict"].attributes["http.response.status_code"] == 429


@pytest.mark.parametrize("body", [SECRET, SECRET * 5000, ""])
def test_no_span_holds_text(body: str, torchserve: FakeTorchServe, collector: Collector) -> None:
    app = create_app(torchserve.settings())
    ask(app, TRACEPARENT, body=body)
    end_tracing(app)
    collector.wait_for("POST /predict")
    assert collector.bodies
    assert all(b"nobody else" not in sent for sent in collector.bodies)


def test_only_what_costs_the_model_work_is_traced(
    torchserve: FakeTorchServe, collector: Collector
) -> None:
    app = create_app(torchserve.settings())
    for path in ("/healthz", "/metrics", "/readyz"):
        app.test_client().get(path)
    end_tracing(app)
    assert collector.spans == []


def test_a_collector_that_is_away_harms_no_answer(
    torchserve: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCHES[0], "http://127.0.0.1:9")
    app = create_app(torchserve.settings())
    assert ask(app, TRACEPARENT) == 200
    end_tracing(app)


def test_off_it_imports_nothing_and_sends_nothing(
    torchserve: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)  # an import then fails
    assert ask(create_app(torchserve.settings()), TRACEPARENT) == 200
    (seen,) = torchserve.predictions
    assert seen.traceparent == ""


def test_switched_on_without_its_packages_it_says_so(
    torchserve: FakeTorchServe, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("opentelemetry", "opentelemetry.exporter.otlp.proto.http.trace_exporter"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SettingsError, match=r"requirements/tracing\.txt"):
        create_app(torchserve.settings())
