"""The client against a running gateway: typed answers, and errors that say what happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from client import Client, ServiceError
from contract.answer import Prediction
from gateway.app import create_app
from tests.http_server import serving
from tests.unit.gateway.fake_torchserve import (
    EXPLANATION,
    PREDICTION,
    FakeTorchServe,
    as_json,
    running,
)


@contextmanager
def client_of(torchserve: FakeTorchServe, database: Path) -> Iterator[Client]:
    app = create_app(torchserve.settings(feedback_database=str(database)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with serving(server) as url:
        yield Client(url, timeout=10)


@pytest.fixture
def torchserve(tmp_path: Path) -> Iterator[FakeTorchServe]:
    with running(tmp_path) as fake:
        yield fake


@pytest.fixture
def client(torchserve: FakeTorchServe, tmp_path: Path) -> Iterator[Client]:
    with client_of(torchserve, tmp_path / "feedback.sqlite") as client:
        yield client


def test_a_prediction_comes_back_as_the_contracts_type(client: Client) -> None:
    assert client.predict("A fine film.").as_json() == PREDICTION


def test_many_reviews_are_sent_in_requests_that_the_service_takes(
    client: Client, torchserve: FakeTorchServe
) -> None:
    error = {"error": {"code": "empty_review", "message": "Expected text."}}
    torchserve.prediction = as_json(200, {"predictions": [PREDICTION, error]})
    answers = client.predict_many(["text"] * 130)
    assert len(torchserve.predictions) >= 2
    assert isinstance(answers[0], Prediction)
    assert isinstance(answers[1], ServiceError)
    assert answers[1].code == "empty_review"


def test_an_explanation_comes_back_as_the_contracts_type(client: Client) -> None:
    found = client.explain("A fine film.")
    assert found.words[0].contribution == 0.8
    assert found.read == ((0, 12),)
    assert found.as_json().keys() == EXPLANATION.keys()


def test_the_model_is_named(client: Client) -> None:
    assert client.model()["version"] == "0123456789ab"


def test_a_report_is_sent_and_taken_back(client: Client) -> None:
    version = client.model()["version"]
    receipt = client.report("Not bad.", "negative", "positive", version, consent=True)
    client.delete_report(receipt)
    with pytest.raises(ServiceError, match="receipt") as raised:
        client.delete_report(receipt)
    assert (raised.value.status, raised.value.code) == (404, "unknown_receipt")


def test_a_refusal_carries_what_the_service_said(client: Client) -> None:
    with pytest.raises(ServiceError, match="only white space") as raised:
        client.predict(" ")
    assert (raised.value.status, raised.value.code) == (400, "empty_review")


def test_a_service_that_is_not_there_is_said() -> None:
    with pytest.raises(ServiceError, match="is it running") as raised:
        Client("http://127.0.0.1:9", timeout=1).predict("A fine film.")
    assert (raised.value.status, raised.value.code) == (0, "unreachable")
