"""The client of TorchServe: its tokens, its connections, and what its failures become."""

import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import ConnectTimeoutError, ProtocolError

from gateway.errors import GatewayError
from gateway.torchserve import ModelState, TorchServe
from tests.unit.gateway.fake_torchserve import (
    INVALID_KEY,
    NO_PLACE,
    PREDICTION,
    FakeTorchServe,
    Reply,
    as_json,
    model_state,
    own_error,
)

REVIEW = b'{"review": "A fine film."}'


@pytest.fixture
def client(torchserve: FakeTorchServe) -> TorchServe:
    return TorchServe(torchserve.settings())


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections, and is kept so by being bound."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def failure_of(client: TorchServe) -> tuple[int, str]:
    with pytest.raises(GatewayError) as caught:
        client.predict(REVIEW)
    assert caught.value.message.startswith("Expected ")
    return caught.value.status, caught.value.code


# Tokens


def test_each_address_gets_its_own_token(client: TorchServe, torchserve: FakeTorchServe) -> None:
    client.predict(REVIEW)
    client.model_state()
    assert torchserve.predictions[0].token == "inference-1"
    assert torchserve.managed[0].token == "management-1"


def test_a_token_about_to_expire_is_renewed_first_with_the_api_key(
    client: TorchServe, torchserve: FakeTorchServe
) -> None:
    torchserve.write_key_file(seconds_left=10)
    assert client.predict(REVIEW).status == 200
    assert [(seen.path, seen.token) for seen in torchserve.managed] == [
        ("/token?type=inference", "api-key")
    ]
    assert [seen.token for seen in torchserve.predictions] == ["inference-2"]


def test_a_fresh_token_is_not_renewed(client: TorchServe, torchserve: FakeTorchServe) -> None:
    for _ in range(3):
        client.predict(REVIEW)
    assert torchserve.managed == []


def test_after_a_restart_of_torchserve_the_rejected_token_is_read_again(
    client: TorchServe, torchserve: FakeTorchServe
) -> None:
    client.predict(REVIEW)
    torchserve.replace_token("inference")
    assert client.predict(REVIEW).status == 200
    assert [seen.token for seen in torchserve.predictions] == [
        "inference-1",
        "inference-1",
        "inference-2",
    ]


def test_a_token_rejected_twice_is_a_failure_after_two_tries(
    client: TorchServe, torchserve: FakeTorchServe
) -> None:
    torchserve.prediction = INVALID_KEY
    assert failure_of(client) == (502, "upstream_failed")
    assert len(torchserve.predictions) == 2


def test_an_expired_token_that_cannot_be_renewed_is_a_failure(
    client: TorchServe, torchserve: FakeTorchServe, caplog: pytest.LogCaptureFixture
) -> None:
    torchserve.write_key_file(seconds_left=-10)
    torchserve.tokens["inference"] = "inference-9"
    torchserve.renewals_fail = True
    assert failure_of(client) == (502, "upstream_failed")
    assert "could not renew the inference token" in caplog.text


def test_without_a_key_file_torchserve_cannot_be_asked(
    client: TorchServe, torchserve: FakeTorchServe, caplog: pytest.LogCaptureFixture
) -> None:
    torchserve.key_file.unlink()
    assert failure_of(client) == (502, "upstream_unreachable")
    assert f"no key file at {torchserve.key_file}" in caplog.text
    assert "GATEWAY_KEY_FILE" in caplog.text


def test_no_token_is_ever_logged(
    client: TorchServe, torchserve: FakeTorchServe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="gateway")
    torchserve.write_key_file(seconds_left=-10)
    torchserve.renewals_fail = True
    torchserve.prediction = INVALID_KEY
    failure_of(client)
    assert caplog.text
    for token in ("inference-1", "management-1", "api-key"):
        assert token not in caplog.text


# Connections


def test_requests_share_one_kept_alive_connection(
    client: TorchServe, torchserve: FakeTorchServe
) -> None:
    for _ in range(5):
        client.predict(REVIEW)
    assert len({seen.client_port for seen in torchserve.predictions}) == 1


def test_a_connection_lost_in_mid_request_is_tried_once_more(
    client: TorchServe, torchserve: FakeTorchServe
) -> None:
    client.predict(REVIEW)
    torchserve.connections_to_drop = 1
    assert client.predict(REVIEW).status == 200
    assert len(torchserve.predictions) == 3


def test_a_connection_lost_twice_is_a_failure(
    client: TorchServe, torchserve: FakeTorchServe
) -> None:
    torchserve.connections_to_drop = 2
    assert failure_of(client) == (502, "upstream_failed")
    assert len(torchserve.predictions) == 2


def test_a_refused_connection_is_unreachable(torchserve: FakeTorchServe, closed_port: int) -> None:
    client = TorchServe(
        torchserve.settings(torchserve_inference_url=f"http://127.0.0.1:{closed_port}")
    )
    assert failure_of(client) == (502, "upstream_unreachable")


def test_a_connection_that_is_not_made_in_time_is_unreachable(
    client: TorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_in_vain(pool: Any, *arguments: Any, **options: Any) -> None:
        raise ConnectTimeoutError(pool, "timed out")

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", wait_in_vain)
    assert failure_of(client) == (502, "upstream_unreachable")


def test_a_connection_that_can_never_be_had_is_tried_twice_only(
    client: TorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def break_off(pool: Any, *arguments: Any, **options: Any) -> None:
        tries.append(arguments)
        raise ProtocolError("connection aborted")

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", break_off)
    assert failure_of(client) == (502, "upstream_failed")
    assert len(tries) == 2


def test_an_answer_that_takes_too_long_is_a_timeout_and_is_not_asked_for_again(
    torchserve: FakeTorchServe,
) -> None:
    torchserve.go_on.clear()
    client = TorchServe(torchserve.settings(read_timeout_seconds=0.5))
    assert failure_of(client) == (504, "upstream_timeout")
    assert len(torchserve.predictions) == 1


# Answers


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (own_error(400, "BadRequestException"), 502, "upstream_failed"),
        (as_json(400, ["no", "object"]), 502, "upstream_failed"),
        (as_json(400, {"error": "no object either"}), 502, "upstream_failed"),
        (Reply(400, b"no JSON"), 502, "upstream_failed"),
        (own_error(401, "Unauthorized"), 502, "upstream_failed"),
        (own_error(404, "ModelNotFoundException"), 503, "not_ready"),
        (own_error(405, "MethodNotAllowedException"), 502, "upstream_failed"),
        (Reply(413), 413, "body_too_large"),
        (own_error(500, "InternalServerException"), 502, "upstream_failed"),
        (as_json(500, {"error": {"code": "a", "message": "b"}}), 502, "upstream_failed"),
        (own_error(503, "InternalServerException"), 502, "upstream_failed"),
        (own_error(507, "InternalServerException"), 502, "upstream_failed"),
    ],
)
def test_torchserves_own_errors_become_the_contracts(
    client: TorchServe, torchserve: FakeTorchServe, reply: Reply, status: int, code: str
) -> None:
    torchserve.prediction = reply
    assert failure_of(client) == (status, code)


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        (model_state("READY", places=0), 429, "queue_full"),
        (model_state("READY", places=7), 429, "queue_full"),
        (model_state("UNLOADING", "READY"), 429, "queue_full"),
        (model_state("UNLOADING"), 503, "not_ready"),
        (model_state(), 503, "not_ready"),
        (own_error(404, "ModelNotFoundException"), 503, "not_ready"),
        (own_error(500, "InternalServerException"), 502, "upstream_failed"),
        (as_json(200, []), 502, "upstream_failed"),
        (as_json(200, [{"workers": 1}]), 502, "upstream_failed"),
        (Reply(200, b"no JSON"), 502, "upstream_failed"),
    ],
)
def test_a_full_queue_is_told_from_missing_workers_by_the_models_state(
    client: TorchServe, torchserve: FakeTorchServe, state: Reply, status: int, code: str
) -> None:
    torchserve.prediction = NO_PLACE
    torchserve.state = state
    assert failure_of(client) == (status, code)


@pytest.mark.parametrize("workers", [("READY",), ()])
def test_a_full_queue_and_missing_workers_tell_when_to_come_back(
    torchserve: FakeTorchServe, workers: tuple[str, ...]
) -> None:
    torchserve.prediction = NO_PLACE
    torchserve.state = model_state(*workers)
    client = TorchServe(torchserve.settings(retry_after_seconds=7))
    with pytest.raises(GatewayError) as caught:
        client.predict(REVIEW)
    assert caught.value.retry_after == 7


def test_what_torchserve_says_of_itself_does_not_reach_the_user(
    client: TorchServe, torchserve: FakeTorchServe
) -> None:
    torchserve.prediction = own_error(500, "InternalServerException")
    with pytest.raises(GatewayError) as caught:
        client.predict(REVIEW)
    assert "own words" not in caught.value.message


def test_the_models_state_is_read_from_the_management_address(
    client: TorchServe, torchserve: FakeTorchServe
) -> None:
    torchserve.state = model_state("READY", "LOADING", places=42)
    assert client.model_state() == ModelState(("READY", "LOADING"), 42)
    assert torchserve.managed[0].path == "/models/sentiment"


def test_a_prediction_comes_with_its_timing(client: TorchServe) -> None:
    answer = client.predict(REVIEW)
    assert answer.status == 200
    assert answer.server_timing.startswith("tokenize;dur=")
    assert json.loads(answer.body) == PREDICTION
