"""POST /explain and GET /model: what is asked of TorchServe, and what is answered for it."""

import json

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.app import create_app
from tests.unit.gateway.fake_torchserve import (
    DESCRIPTION,
    EXPLANATION,
    PREDICTION,
    FakeTorchServe,
    Reply,
    as_json,
    model_description,
    model_state,
)

REVIEW = {"review": "A fine film."}
BEGUN = as_json(202, {"explanation": "7-its-name"})
LOST = as_json(404, {"error": {"code": "unknown_explanation", "message": "in the worker's words"}})


def code_of(response: TestResponse) -> str:
    code: str = json.loads(response.data)["error"]["code"]
    return code


def version_of(client: FlaskClient) -> str:
    version: str = json.loads(client.get("/model").data)["version"]
    return version


def test_a_review_is_explained_at_torchserves_own_address(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    response = client.post("/explain", json=REVIEW)
    assert (response.status_code, response.json) == (200, EXPLANATION)
    assert [seen.path for seen in torchserve.predictions] == ["/explanations/sentiment"]


def test_the_worker_goes_on_scoring_while_it_explains(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    torchserve.explanations = [BEGUN, BEGUN]
    assert client.post("/explain", json=REVIEW).json == EXPLANATION
    assert [seen.later for seen in torchserve.predictions] == ["later", "7-its-name", "7-its-name"]


@pytest.mark.parametrize("lost", [LOST, Reply(500)], ids=["a new worker", "a dying worker"])
def test_an_explanation_that_died_with_its_worker_is_begun_once_more(
    client: FlaskClient, torchserve: FakeTorchServe, lost: Reply
) -> None:
    torchserve.explanations = [BEGUN, lost, BEGUN]
    assert client.post("/explain", json=REVIEW).json == EXPLANATION
    assert [seen.later for seen in torchserve.predictions].count("later") == 2


def test_one_that_dies_again_and_again_is_an_error_worth_another_try(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    torchserve.explanations = [BEGUN, LOST, BEGUN, LOST]
    response = client.post("/explain", json=REVIEW)
    assert (response.status_code, code_of(response)) == (502, "upstream_failed")
    assert response.headers["Retry-After"] == "1"


def test_an_explanation_without_end_is_given_up(torchserve: FakeTorchServe) -> None:
    torchserve.explanation = BEGUN
    client = create_app(torchserve.settings(read_timeout_seconds=0.2)).test_client()
    response = client.post("/explain", json=REVIEW)
    assert (response.status_code, code_of(response)) == (504, "upstream_timeout")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"reviews": ["A fine film."]}, 400, "one_review_only"),
        ({"review": " "}, 400, "empty_review"),
        ({}, 400, "missing_review"),
        ({"review": "a" * 50_001}, 413, "review_too_long"),
    ],
)
def test_an_unfit_request_never_reaches_torchserve(
    client: FlaskClient, torchserve: FakeTorchServe, body: object, status: int, code: str
) -> None:
    response = client.post("/explain", json=body)
    assert (response.status_code, code_of(response)) == (status, code)
    assert torchserve.predictions == []


def test_the_model_is_what_the_worker_says_of_it(client: FlaskClient) -> None:
    model = client.get("/model").json
    limits = {"body_bytes": 2_000_000, "characters": 50_000, "reviews": 128}
    assert model == {"name": "sentiment", **DESCRIPTION, "limits": limits, "feedback": None}


def test_the_worker_is_asked_once_for_each_version(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    def asked() -> int:
        return sum("customized" in seen.path for seen in torchserve.managed)

    for _ in range(3):
        assert version_of(client) == "0123456789ab"
    assert asked() == 1
    torchserve.prediction = Reply(
        200, as_json(200, PREDICTION).body, {"X-Model-Version": "ba9876543210"}
    )
    torchserve.description = model_description(version="ba9876543210")
    client.post("/predict", json=REVIEW)
    assert version_of(client) == "ba9876543210"
    assert asked() == 2


def test_every_answer_names_the_version_once_it_is_known(client: FlaskClient) -> None:
    assert "X-Model-Version" not in client.get("/healthz").headers
    client.get("/model")
    for response in (client.get("/healthz"), client.get("/nowhere"), client.post("/predict")):
        assert response.headers["X-Model-Version"] == "0123456789ab"


@pytest.mark.parametrize(
    "description",
    [
        model_state("READY"),
        as_json(200, [{"customizedMetadata": "{"}]),
        as_json(200, []),
        Reply(503),
    ],
    ids=["no description", "broken", "no model", "no worker"],
)
def test_a_worker_that_says_nothing_is_no_model(
    client: FlaskClient, torchserve: FakeTorchServe, description: Reply
) -> None:
    torchserve.description = description
    response = client.get("/model")
    assert response.status_code in (502, 503)
    assert code_of(response) in ("not_ready", "upstream_failed")
