"""config.properties is what the running TorchServe does: access, limits, batching, metrics."""

import json
import stat
import time

import psutil
import pytest

from handler.later import PERIOD_SECONDS
from tests.integration.conftest import direct
from tests.stack import ROOT, Stack, send

PREDICTION = "/predictions/sentiment"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer guess"}], ids=["none", "wrong"])
def test_predictions_and_management_ask_for_their_token(
    stack: Stack, headers: dict[str, str]
) -> None:
    for url in (f"{stack.inference_url}{PREDICTION}", f"{stack.inference_url}/ping"):
        assert send(url, "POST", b"fine", headers).status == 400
    for path in ("/models", "/models/sentiment", "/token?type=inference"):
        assert send(stack.management_url + path, headers=headers).status == 400


def test_each_token_opens_its_own_door_only(stack: Stack) -> None:
    management, inference = stack.token("management"), stack.token("inference")
    assert send(f"{stack.inference_url}{PREDICTION}", "POST", b"fine", management).status == 400
    assert send(f"{stack.management_url}/models", headers=inference).status == 400


def test_key_file_is_this_users_alone(stack: Stack) -> None:
    assert stat.S_IMODE(stack.key_file.stat().st_mode) == 0o600


def test_models_come_from_the_store_of_the_run_alone(stack: Stack) -> None:
    elsewhere = ("https://127.0.0.1/a.mar", f"file://{ROOT}/a.mar", "../a.mar", "a.mar")
    for url in elsewhere:
        address = f"{stack.management_url}/models?url={url}"
        assert send(address, "POST", b"", stack.token("management")).status in (400, 404), url
        assert send(address, "POST", b"", stack.token("inference")).status == 400, url
    served = f"{stack.management_url}/models/sentiment/{stack.model()['modelVersion']}"
    assert send(served, "DELETE", None, stack.token("inference")).status == 400
    assert stack.model()["workers"][0]["status"] == "READY"


def test_model_runs_as_configured(stack: Stack) -> None:
    lines = (ROOT / "config.properties").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if not line.startswith("#") and line)
    told = json.loads(settings["models"])["sentiment"]["1.0"]
    model = stack.model()
    assert {name: model[name] for name in told} == told
    assert len(model["workers"]) == told["maxWorkers"] == 1
    queue = model["jobQueueStatus"]
    assert queue["remainingCapacity"] == int(settings["job_queue_size"]) - queue["pendingRequests"]


def test_everything_listens_on_loopback_only(stack: Stack) -> None:
    listening = [
        connection.laddr.ip.removeprefix("::ffff:")
        for process in stack.runner.family()
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 4
    assert set(listening) == {"127.0.0.1"}


def test_body_beyond_every_limit_is_not_read(stack: Stack) -> None:
    assert direct(stack)(b"x" * 5_000_000).status == 413


def test_metrics_count_requests_reviews_and_seconds(stack: Stack) -> None:
    names = ("ts_inference_requests_total", "ReviewsScored", "InferenceSeconds_count")
    before = settled_metrics(stack, names)
    assert direct(stack)({"reviews": ["one", "two", "three"]}).status == 200
    after = settled_metrics(stack, names)
    assert [now - was for now, was in zip(after, before, strict=True)] == [1, 3, 1]


def settled_metrics(stack: Stack, names: tuple[str, ...]) -> list[float]:
    """Read metrics until they stay the same for four times as long as the worker puts them off."""
    since, values = time.monotonic(), [stack.metric(name) for name in names]
    while time.monotonic() < since + 4 * PERIOD_SECONDS:
        time.sleep(PERIOD_SECONDS / 4)
        found = [stack.metric(name) for name in names]
        if found != values:
            since, values = time.monotonic(), found
    return values
