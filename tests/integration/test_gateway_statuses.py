"""The gateway's own statuses, against the real TorchServe."""

import threading
from collections.abc import Callable

import pytest

from benchmarks.stack import free_ports
from tests.integration.conftest import Door, error_of, post, through_gateway
from tests.stack import Reply, Stack, send

SLOW = {"reviews": ["a long film " * 400] * 128}
SHORT = {"review": "short"}


@pytest.fixture
def gateway(stack: Stack) -> Door:
    """Post to the gateway that users meet."""
    return through_gateway(stack)


def predict(url: str, body: object) -> Reply:
    """Post to one more gateway."""
    return post(f"{url}/predict", {}, body)


def test_full_gateway_says_when_to_come_back(another_gateway: Callable[..., str]) -> None:
    url = another_gateway(max_in_flight="1", retry_after_seconds="3")
    replies: list[Reply] = []
    threads = [
        threading.Thread(target=lambda: replies.append(predict(url, SLOW)), daemon=True)
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(reply.status for reply in replies)
    assert statuses[0] == 200
    assert statuses[-1] == 429
    for reply in replies:
        if reply.status == 429:
            assert error_of(reply)["code"] == "queue_full"
            assert reply.headers["retry-after"] == "3"


def test_torchserve_that_nobody_listens_for(another_gateway: Callable[..., str]) -> None:
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
    url = another_gateway(torchserve_inference_url=nowhere)
    reply = predict(url, SHORT)
    assert (reply.status, error_of(reply)["code"]) == (502, "upstream_unreachable")
    ready = send(f"{url}/readyz")
    assert (ready.status, error_of(ready)["code"]) == (503, "not_ready")


def test_torchserve_that_is_too_slow(another_gateway: Callable[..., str]) -> None:
    url = another_gateway(read_timeout_seconds="0.05")
    reply = predict(url, SLOW)
    assert (reply.status, error_of(reply)["code"]) == (504, "upstream_timeout")


def test_model_that_is_not_there(another_gateway: Callable[..., str]) -> None:
    reply = predict(another_gateway(model="another"), SHORT)
    assert (reply.status, error_of(reply)["code"]) == (503, "not_ready")
    assert int(reply.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/predict", 405, "method_not_allowed"),
        ("POST", "/readyz", 405, "method_not_allowed"),
        # TorchServe's own addresses lead nowhere here.
        ("GET", "/models", 404, "not_found"),
        ("GET", "/models/sentiment", 404, "not_found"),
        ("PUT", "/models/sentiment?min_worker=0", 404, "not_found"),
        ("DELETE", "/models/sentiment", 404, "not_found"),
        ("GET", "/token?type=inference", 404, "not_found"),
        ("POST", "/predictions/sentiment", 404, "not_found"),
        ("GET", "/ping", 404, "not_found"),
        ("GET", "/key_file.json", 404, "not_found"),
        ("GET", "/../key_file.json", 404, "not_found"),
    ],
)
def test_addresses_that_are_not_offered(
    stack: Stack, method: str, path: str, status: int, code: str
) -> None:
    headers = stack.token("management")
    reply = send(stack.gateway_url + path, method, b"" if method != "GET" else None, headers)
    assert (reply.status, error_of(reply)["code"]) == (status, code)


def test_health_readiness_and_page(stack: Stack) -> None:
    assert send(f"{stack.gateway_url}/healthz").json == {"status": "alive"}
    assert send(f"{stack.gateway_url}/readyz").json == {"status": "ready"}
    page = send(f"{stack.gateway_url}/")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src" in page.headers["content-security-policy"]


def test_gateway_counts_its_requests(stack: Stack, gateway: Door) -> None:
    before = gateway_metric(stack)
    gateway(SHORT)
    gateway(b"not json")
    assert gateway_metric(stack) == before + 2


def gateway_metric(stack: Stack) -> float:
    """The number of answers to POST /predict that the gateway has counted."""
    lines = send(f"{stack.gateway_url}/metrics").body.decode().splitlines()
    counts = [line for line in lines if "gateway_requests_total{" in line and "predict" in line]
    return sum(float(line.rpartition(" ")[2]) for line in counts)


def test_gateway_goes_on_after_its_token_was_replaced(stack: Stack, gateway: Door) -> None:
    # Whoever asks TorchServe for a new token voids the one the gateway holds.
    keys = stack.token("API")
    renewed = send(f"{stack.management_url}/token?type=inference", headers=keys)
    assert renewed.status == 200
    assert gateway(SHORT).status == 200
