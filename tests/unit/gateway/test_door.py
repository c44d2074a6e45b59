"""What is turned away before it costs anything, by the same rules as on the usual way."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

from gateway import keys
from gateway.admission import Admission
from gateway.app import create_app
from gateway.door import SMALL_BYTES, Door, Refusal
from gateway.errors import GatewayError
from tests.unit.gateway.fake_torchserve import FakeTorchServe

ADDRESS = "127.0.0.1"
REVIEW = {"review": "A fine film."}
LIST = {"reviews": ["A fine film."]}


def parsed(
    content: object = REVIEW, path: str = "/predict", method: str = "POST", **headers: str
) -> HTTPRequestParser:
    """Return a request as waitress has read it."""
    body = json.dumps(content).encode()
    named = {"Host": "localhost", "Content-Length": str(len(body)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in named.items())]
    request = HTTPRequestParser(Adjustments())
    message = "\r\n".join([*lines, "", ""]).encode() + body
    while message and not request.completed:
        message = message[request.received(message) :]
    assert request.completed
    return request


def app_of(torchserve: FakeTorchServe, **settings: Any) -> Flask:
    return create_app(torchserve.settings(**settings))


def door_of(app: Flask) -> Door:
    door: Door = app.extensions["door"]
    return door


@pytest.fixture
def full(torchserve: FakeTorchServe) -> Iterator[Flask]:
    """A gateway whose one place is taken."""
    app = app_of(torchserve, max_in_flight=1)
    admission: Admission = app.extensions["admission"]
    with admission.place():
        yield app


def refusal(app: Flask, request: HTTPRequestParser) -> Refusal | None:
    return door_of(app).refusal(request, ADDRESS)


def fill(admission: Admission, held: ExitStack) -> None:
    """Take places for one caller until there is none."""
    with suppress(GatewayError):
        while True:
            held.enter_context(admission.place(4_000, ADDRESS))


def test_with_room_nobody_is_turned_away(torchserve: FakeTorchServe) -> None:
    assert refusal(app_of(torchserve), parsed()) is None


def test_a_refusal_is_the_contracts(full: Flask) -> None:
    found = refusal(full, parsed(**{"X-Request-Id": "mine"}))
    assert found is not None
    assert (found.status, json.loads(found.body)["error"]["code"]) == (429, "queue_full")
    headers = dict(found.headers)
    assert headers["X-Request-Id"] == "mine"
    assert int(headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    "request_",
    [
        parsed(LIST),
        parsed({"review": "word " * SMALL_BYTES}),
        parsed(path="/explain"),
        parsed(path="/model", method="GET"),
        parsed(Origin="http://films.example"),
    ],
    ids=["a list", "a large body", "an explanation", "another address", "a browser's"],
)
def test_other_requests_take_the_usual_way(full: Flask, request_: HTTPRequestParser) -> None:
    assert refusal(full, request_) is None


def test_what_is_turned_away_is_counted(full: Flask) -> None:
    refusal(full, parsed())
    metrics = full.test_client().get("/metrics").text
    assert 'gateway_requests_total{endpoint="predict",status="429"} 1.0' in metrics
    assert 'gateway_upstream_failures_total{code="queue_full"} 1.0' in metrics


def test_only_a_known_key_is_told_that_there_is_no_room(
    torchserve: FakeTorchServe, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    key = keys.create(file, "Ada")
    app = app_of(torchserve, max_in_flight=1, keys_file=file)
    with app.extensions["admission"].place():
        assert refusal(app, parsed()) is None
        assert refusal(app, parsed(Authorization="Bearer nobody's")) is None
        assert refusal(app, parsed(Authorization=f"Bearer {key}")) is not None


def test_the_door_lets_in_whoever_the_usual_way_would(torchserve: FakeTorchServe) -> None:
    """One caller's flood turns that caller away, and nobody else."""
    app = app_of(torchserve, max_in_flight=100)
    admission: Admission = app.extensions["admission"]
    with ExitStack() as held:
        fill(admission, held)
        assert refusal(app, parsed()) is not None
        assert door_of(app).refusal(parsed(), "127.0.0.2") is None
