"""Health, readiness and metrics."""

import json
import threading
import time

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from gateway.app import create_app
from gateway.errors import GatewayError
from gateway.readiness import Readiness
from gateway.torchserve import TorchServe
from tests.unit.gateway.fake_torchserve import (
    FakeTorchServe,
    Reply,
    as_json,
    model_state,
    own_error,
)

REVIEW = {"review": "A fine film."}


@pytest.fixture
def client(torchserve: FakeTorchServe) -> FlaskClient:
    return create_app(torchserve.settings(retry_after_seconds=3)).test_client()


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def readiness(torchserve: FakeTorchServe, clock: list[float]) -> Readiness:
    client = TorchServe(torchserve.settings())
    return Readiness(client, cache_seconds=2, retry_after=1, clock=lambda: clock[0])


def samples(client: FlaskClient) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_process_is_alive_whatever_torchserve_does(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    torchserve.key_file.unlink()
    response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "alive"})
    assert response.headers["Cache-Control"] == "no-store"


def test_the_service_is_ready_when_a_worker_is_and_has_scored_a_canary(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json) == (200, {"status": "ready"})
    assert response.headers["Cache-Control"] == "no-store"
    assert [seen.path for seen in torchserve.managed] == ["/models/sentiment"]
    assert len(torchserve.predictions) == 1


@pytest.mark.parametrize(
    ("state", "prediction", "found"),
    [
        (model_state("LOADING"), None, "no worker is READY"),
        (model_state(), None, "no worker is READY"),
        (own_error(404, "ModelNotFoundException"), None, "not_ready"),
        (own_error(500, "InternalServerException"), None, "upstream_failed"),
        (None, own_error(500, "InternalServerException"), "upstream_failed"),
        (None, own_error(503, "ServiceUnavailableException"), "queue_full"),
        (None, as_json(200, {"verdict": "fine"}), "upstream_failed"),
        (None, as_json(200, ["label"]), "upstream_failed"),
        (None, Reply(200, b"no JSON"), "upstream_failed"),
        (None, as_json(400, {"error": {"code": "a", "message": "b"}}), "upstream_failed"),
    ],
)
def test_the_service_is_not_ready_if_either_is_missing(
    client: FlaskClient,
    torchserve: FakeTorchServe,
    state: Reply | None,
    prediction: Reply | None,
    found: str,
) -> None:
    torchserve.state = state or torchserve.state
    torchserve.prediction = prediction or torchserve.prediction
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "3"
    error = json.loads(response.data)["error"]
    assert error["code"] == "not_ready"
    assert found in error["message"]


def test_the_service_is_not_ready_without_torchserve(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    torchserve.key_file.unlink()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert b"upstream_unreachable" in response.data


def test_a_finding_is_repeated_until_it_is_too_old(
    readiness: Readiness, torchserve: FakeTorchServe, clock: list[float]
) -> None:
    readiness.check()
    torchserve.state = model_state()
    clock[0] = 1.9
    readiness.check()
    assert len(torchserve.managed) == 1
    clock[0] = 2.0
    with pytest.raises(GatewayError, match="no worker is READY"):
        readiness.check()


def test_a_bad_finding_is_repeated_for_a_moment_only(
    readiness: Readiness, torchserve: FakeTorchServe, clock: list[float]
) -> None:
    torchserve.state = model_state()
    for _ in range(2):
        with pytest.raises(GatewayError):
            readiness.check()
    assert len(torchserve.managed) == 1
    torchserve.state = model_state("READY")
    clock[0] = 0.2
    readiness.check()


def test_a_review_scored_a_moment_ago_stands_for_the_canary(
    readiness: Readiness, torchserve: FakeTorchServe, clock: list[float]
) -> None:
    readiness.saw_answer()
    readiness.check()
    assert torchserve.predictions == []
    clock[0] = 2.0
    readiness.check()
    assert len(torchserve.predictions) == 1


def test_users_reviews_count_as_canaries(client: FlaskClient, torchserve: FakeTorchServe) -> None:
    client.post("/predict", json=REVIEW)
    assert client.get("/readyz").status_code == 200
    assert len(torchserve.predictions) == 1


def test_metrics_count_requests_by_endpoint_and_status(client: FlaskClient) -> None:
    client.post("/predict", json=REVIEW)
    client.post("/predict", json={"reviews": ["one", "two"]})
    client.post("/predict", json={})
    client.get("/nowhere/at/all")
    counted = samples(client)
    assert counted["gateway_requests_total", "predict", "200"] == 2
    assert counted["gateway_requests_total", "predict", "400"] == 1
    assert counted["gateway_requests_total", "unknown", "404"] == 1
    assert counted["gateway_reviews_total",] == 3
    assert counted["gateway_request_seconds_count", "predict", "2xx"] == 2
    assert counted["gateway_request_seconds_count", "predict", "4xx"] == 1
    assert counted["gateway_request_seconds_bucket", "predict", "60.0", "2xx"] == 2
    assert counted["gateway_in_flight",] == 0
    assert counted["sentiment_verdicts_total", "positive"] == 2


def test_the_oldest_request_is_the_one_that_still_waits(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    torchserve.go_on.clear()
    waiting = threading.Thread(
        target=client.application.test_client().post,
        args=("/predict",),
        kwargs={"json": REVIEW},
        daemon=True,
    )
    waiting.start()
    torchserve.arrived.acquire(timeout=10)
    first, second = (samples(client)["gateway_oldest_request_seconds",] for _ in range(2))
    torchserve.go_on.set()
    waiting.join()
    assert 0 < first < second


def test_the_expiry_of_tokens_is_told_once_they_are_read(client: FlaskClient) -> None:
    name = "gateway_token_expiry_timestamp_seconds"
    assert samples(create_app().test_client())[name, "inference"] == 0
    client.post("/predict", json=REVIEW)
    assert samples(client)[name, "inference"] == pytest.approx(time.time() + 3600, abs=60)


def test_metrics_count_failures_of_torchserve_by_code(
    client: FlaskClient, torchserve: FakeTorchServe
) -> None:
    torchserve.prediction = Reply(500)
    client.post("/predict", json=REVIEW)
    torchserve.key_file.unlink()
    create_app(torchserve.settings()).test_client().post("/predict", json=REVIEW)
    counted = samples(client)
    assert counted["gateway_upstream_failures_total", "upstream_failed"] == 1
    assert ("gateway_upstream_failures_total", "upstream_unreachable") not in counted


def test_whoever_asks_after_readyz_said_yes_is_let_through(torchserve: FakeTorchServe) -> None:
    app = create_app(torchserve.settings(ready_cache_seconds=0))
    client, watch = app.test_client(), app.extensions["worker_watch"]
    torchserve.state = model_state("UNLOADED")
    watch.look()
    with pytest.raises(GatewayError, match="READY"):
        watch.require_ready()
    torchserve.state = model_state("READY")
    assert client.get("/readyz").status_code == 200
    assert client.post("/predict", json=REVIEW).status_code == 200
