"""Two doors to the same model, and gateways with settings of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.stack import free_ports
from tests.commands import stop
from tests.stack import ROOT, Reply, Stack, send

Door = Callable[..., Reply]


@pytest.fixture(params=["torchserve", "gateway"])
def door(request: pytest.FixtureRequest, stack: Stack) -> Door:
    """A function that posts a body for prediction, to TorchServe itself or to the gateway."""
    return direct(stack) if request.param == "torchserve" else through_gateway(stack)


def direct(stack: Stack) -> Door:
    """Post to TorchServe itself, with its token."""
    return partial(post, f"{stack.inference_url}/predictions/sentiment", stack.token("inference"))


def through_gateway(stack: Stack) -> Door:
    """Post to the gateway."""
    return partial(post, f"{stack.gateway_url}/predict", {})


def post(
    url: str, access: Mapping[str, str], body: object, content_type: str = "application/json"
) -> Reply:
    """Post bytes as they are and anything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return send(url, "POST", data, {**access, "Content-Type": content_type})


@pytest.fixture(scope="session")
def labels(checkpoint: Path) -> list[str]:
    """The labels of the checkpoint that is served, in its order."""
    config = json.loads((checkpoint / "config.json").read_text())
    return [label for _, label in sorted(config["id2label"].items(), key=lambda item: int(item[0]))]


@pytest.fixture
def another_gateway(stack: Stack, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """A function that starts one more gateway before the same TorchServe, with other settings."""
    with ExitStack() as started:

        def start(**settings: str) -> str:
            return started.enter_context(running_gateway(stack, settings, tmp_path / "gateway.log"))

        yield start


@contextmanager
def running_gateway(stack: Stack, settings: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run one more gateway before the same TorchServe; its address is yielded."""
    port = free_ports(1)[0]
    told = {
        "GATEWAY_PORT": str(port),
        "GATEWAY_TORCHSERVE_INFERENCE_URL": stack.inference_url,
        "GATEWAY_TORCHSERVE_MANAGEMENT_URL": stack.management_url,
        "GATEWAY_TORCHSERVE_METRICS_URL": stack.metrics_url,
        "GATEWAY_KEY_FILE": str(stack.key_file),
        **{f"GATEWAY_{name.upper()}": value for name, value in settings.items()},
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway"],
            cwd=ROOT,
            env={**os.environ, **told},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_alive(f"{url}/healthz")
        yield url
    finally:
        stop(process)


def _wait_alive(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(ConnectionError):
            if send(url).status == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"{url} did not answer within 30 s")


def error_of(reply: Reply) -> dict[str, Any]:
    """Return the error object of a reply in the contract's one shape."""
    content = reply.json
    assert list(content) == ["error"], content
    error: dict[str, Any] = content["error"]
    assert error.keys() == {"code", "message"}
    assert len(error["message"]) > 20, "a message says what was expected, what came, how to mend it"
    return error
