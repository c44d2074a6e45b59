"""POST /predict: what is passed on to TorchServe, what is passed back, what is answered instead."""

import io
import json
import logging
import re
import threading
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.app import create_app
from tests.unit.gateway.fake_torchserve import (
    PREDICTION,
    TIMING,
    FakeTorchServe,
    Reply,
    as_json,
)

REVIEW = b'{"review": "A fine film."}'
JSON = "application/json"


@pytest.fixture
def client(torchserve: FakeTorchServe) -> FlaskClient:
    return create_app(torchserve.settings(max_in_flight=2, retry_after_seconds=3)).test_client()


def predict(client: FlaskClient, body: bytes = REVIEW, **request: Any) -> TestResponse:
    return client.post("/predict", **{"data": body, "content_type": JSON, **request})


def error_of(response: TestResponse) -> dict[str, str]:
    assert response.content_type == JSON
    content = json.loads(response.data)
    assert set(content) == {"error"}
    error: dict[str, str] = content["error"]
    assert set(error) == {"code", "message"}
    assert error["message"].startswith("Expected ")
    return error


@pytest.mark.parametrize(
    "body",
    [
        REVIEW,
        b'{ "review":\t"spaces, \\u00e9scapes and \\ud83d\\ude00 stay as they came" }\n',
        '{"review": "raw 好 😀"}'.encode(),
        b'{"reviews": ["one", "", 5, "\\ud800"]}',
        json.dumps({"review": "a" * 50_000}).encode(),
        json.dumps({"reviews": ["a" * 30] * 25}).encode(),
    ],
    ids=["one", "escapes", "unicode", "unfit items", "50,000 characters", "25 short reviews"],
)
def test_the_body_reaches_torchserve_byte_by_byte_as_json(
    client: FlaskClient, torchserve: FakeTorchServe, body: bytes
) -> None:
    assert predict(client, body).status_code == 200
    (seen,) = torchserve.predictions
    assert seen.body == body
    assert seen.path == "/predictions/sentiment"
    assert seen.content_type == JSON


@pytest.mark.parametrize("content_type", [JSON, "application/vnd.api+json", None])
def test_json_by_any_of_its_names_and_an_undeclared_body_are_scored(
    client: FlaskClient, torchserve: FakeTorchServe, content_type: str | None
) -> None:
    assert predict(client, content_type=content_type).status_code == 200
    assert torchserve.predictions[0].content_type == JSON


def test_the_answer_comes_back_byte_by_byte(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    torchserve.prediction = Reply(200, b'{"label":"positive",  "order": [3, 1, 2]}')
    response = predict(client)
    assert response.data == b'{"label":"positive",  "order": [3, 1, 2]}'
    assert response.content_type == JSON
    assert response.headers["Cache-Control"] == "no-store"


def test_the_timing_of_the_worker_is_passed_on_with_the_gateways_own(client: FlaskClient) -> None:
    response = predict(client)
    worker, _, own = response.headers["Server-Timing"].rpartition(", ")
    assert worker == TIMING
    assert re.fullmatch(r"gateway;dur=\d+\.\d\d", own)


def test_without_the_workers_timing_the_gateways_own_stands_alone(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    torchserve.prediction = as_json(200, PREDICTION)
    assert predict(client).headers["Server-Timing"].startswith("gateway;dur=")


def test_a_model_of_another_name_is_asked_under_it(torchserve: FakeTorchServe) -> None:
    predict(create_app(torchserve.settings(model="bilstm")).test_client())
    assert torchserve.predictions[0].path == "/predictions/bilstm"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", JSON, 400, "not_json"),
        (b"A fine film.", JSON, 400, "not_json"),
        (REVIEW, "text/plain", 400, "not_json"),
        (REVIEW, "application/x-www-form-urlencoded", 400, "not_json"),
        (b"[]", JSON, 400, "wrong_type"),
        (b'{"text": "a"}', JSON, 400, "unknown_field"),
        (b"{}", JSON, 400, "missing_review"),
        (b'{"review": "  "}', JSON, 400, "empty_review"),
        (b'{"review": "\\ud800"}', JSON, 400, "invalid_text"),
        (json.dumps({"review": "a" * 50_001}).encode(), JSON, 413, "review_too_long"),
        (json.dumps({"reviews": ["a"] * 129}).encode(), JSON, 413, "too_many_reviews"),
        (b'{"review": "' + b"a" * 3_000_000 + b'"}', JSON, 413, "body_too_large"),
    ],
)
def test_an_unfit_request_is_answered_without_torchserve(
    client: FlaskClient,
    torchserve: FakeTorchServe,
    body: bytes,
    content_type: str | None,
    status: int,
    code: str,
) -> None:
    response = predict(client, body, content_type=content_type)
    assert response.status_code == status
    assert error_of(response)["code"] == code
    assert response.headers["Cache-Control"] == "no-store"
    assert torchserve.predictions == []


@pytest.mark.parametrize(("size", "status"), [(2_000_000, 200), (2_000_001, 413)])
def test_the_body_limit_is_exact(client: FlaskClient, size: int, status: int) -> None:
    body = REVIEW + b" " * (size - len(REVIEW))
    assert predict(client, body).status_code == status


@pytest.mark.parametrize(("size", "status"), [(2_000_000, 200), (2_000_001, 413)])
def test_a_body_without_a_declared_length_is_limited_too(
    client: FlaskClient, size: int, status: int
) -> None:
    stream = io.BytesIO(REVIEW + b" " * (size - len(REVIEW)))
    response = client.post(
        "/predict", input_stream=stream, environ_overrides={"wsgi.input_terminated": True}
    )
    assert response.status_code == status


@pytest.mark.parametrize("status", [400, 413])
def test_the_handlers_own_error_is_passed_on(
    client: FlaskClient, torchserve: FakeTorchServe, status: int
) -> None:
    error = {"error": {"code": "empty_review", "message": "Expected text after cleaning."}}
    torchserve.prediction = as_json(status, error)
    response = predict(client)
    assert (response.status_code, response.json) == (status, error)


def test_requests_beyond_the_bound_get_429_and_places_come_free_again(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    torchserve.go_on.clear()
    threads = [threading.Thread(target=predict, args=(client,), daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert torchserve.arrived.acquire(timeout=10)

    turned_away = predict(client)
    assert turned_away.status_code == 429
    assert turned_away.headers["Retry-After"] == "3"
    assert "fewer than 2 requests at once" in error_of(turned_away)["message"]
    assert error_of(turned_away)["code"] == "queue_full"
    assert "gateway_in_flight 2.0" in client.get("/metrics").text

    torchserve.go_on.set()
    for thread in threads:
        thread.join()
    assert predict(client).status_code == 200
    assert "gateway_in_flight 0.0" in client.get("/metrics").text


def test_a_place_comes_free_after_a_failure(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    torchserve.prediction = Reply(500)
    assert [predict(client).status_code for _ in range(3)] == [502, 502, 502]
    assert "gateway_in_flight 0.0" in client.get("/metrics").text


def test_no_review_is_ever_logged(
    client: FlaskClient, torchserve: FakeTorchServe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = b'{"review": "my secret opinion"}'
    torchserve.prediction = Reply(500, b"my secret opinion")
    predict(client, secret)
    torchserve.prediction = Reply(200, b"my secret opinion")
    predict(client, secret)
    predict(client, b'{"review": "my secret opinion\\ud800"}')
    client.get("/predict?review=my+secret+opinion")
    assert "TorchServe answered with status 500" in caplog.text
    assert "secret" not in caplog.text


def test_a_fault_of_the_gateway_is_a_500_whose_log_quotes_nothing(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(body: bytes) -> None:
        raise RuntimeError(f"could not handle {body!r}")

    monkeypatch.setattr("gateway.routes.read_request", fail)
    response = predict(client)
    assert response.status_code == 500
    assert error_of(response)["code"] == "internal"
    assert "unexpected RuntimeError" in caplog.text
    assert "test_predict.py" in caplog.text
    assert "fine film" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("POST", "/predictions/sentiment", 404, "not_found"),
        ("GET", "/models/sentiment", 404, "not_found"),
        ("GET", "/predict", 405, "method_not_allowed"),
        ("DELETE", "/predict", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
    ],
)
def test_other_addresses_and_methods_are_errors_of_the_same_shape(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    response = client.open(path, method=method)
    assert response.status_code == status
    assert error_of(response)["code"] == code


def test_a_405_names_the_methods_that_are_allowed(client: FlaskClient) -> None:
    assert set(client.get("/predict").headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
