"""The gateway as it runs, `python -m gateway`, over real connections."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.commands import output_of, run, stop
from tests.unit.gateway.fake_torchserve import PREDICTION, FakeTorchServe, running

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "gateway")
JSON = {"content-type": "application/json"}
REVIEW = b'{"review": "A fine film."}'


def free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


@contextmanager
def gateway(log: Path, **settings: Any) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the gateway on an ephemeral port, its output in a file."""
    port = free_port()
    told = {f"GATEWAY_{name.upper()}": str(value) for name, value in settings.items()}
    environment = {**os.environ, **told, "GATEWAY_PORT": str(port)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            COMMAND, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until_alive(process, port)
        yield process, port
    finally:
        stop(process)


def wait_until_alive(process: subprocess.Popen[bytes], port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the gateway ended at its start"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise AssertionError("the gateway does not listen")


def wait_for(log: Path, pattern: str, seconds: float = 10) -> None:
    # A line is logged after its answer has gone out.
    deadline = time.monotonic() + seconds
    while not re.search(pattern, log.read_text()):
        assert time.monotonic() < deadline, f"{pattern} was not logged"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def torchserve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeTorchServe]:
    with running(tmp_path_factory.mktemp("torchserve")) as fake:
        yield fake


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway") / "gateway.log"


@pytest.fixture(scope="module")
def port(torchserve: FakeTorchServe, log: Path) -> Iterator[int]:
    settings = torchserve.settings()
    with gateway(
        log,
        torchserve_inference_url=settings.torchserve_inference_url,
        torchserve_management_url=settings.torchserve_management_url,
        key_file=settings.key_file,
    ) as (_, port):
        yield port


@pytest.fixture
def connection(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    yield connection
    connection.close()


def ask(
    connection: http.client.HTTPConnection,
    method: str = "POST",
    path: str = "/predict",
    body: Any = REVIEW,
    headers: dict[str, str] = JSON,
    **options: Any,
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request(method, path, body=body, headers=headers, **options)
    response = connection.getresponse()
    return response, response.read()


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "CONNECT"])
def test_what_is_no_address_is_not_passed_on(
    connection: http.client.HTTPConnection, torchserve: FakeTorchServe, method: str
) -> None:
    before = len(torchserve.predictions)
    response, body = ask(connection, method, "*", body=None)
    assert (response.status, json.loads(body)["error"]["code"]) == (404, "not_found")
    assert response.headers["X-Request-Id"]
    assert len(torchserve.predictions) == before


def test_a_review_is_scored_over_one_kept_alive_connection(
    connection: http.client.HTTPConnection,
) -> None:
    for _ in range(3):
        response, body = ask(connection)
        assert (response.status, json.loads(body)) == (200, PREDICTION)
        own_socket = connection.sock.getsockname()
    assert connection.sock.getsockname() == own_socket


def test_readiness_is_told_over_the_wire(connection: http.client.HTTPConnection) -> None:
    response, body = ask(connection, "GET", "/readyz", body=None)
    assert (response.status, json.loads(body)) == (200, {"status": "ready"})


def test_a_3_mb_body_gets_its_413_and_the_connection_lives_on(
    connection: http.client.HTTPConnection,
) -> None:
    response, body = ask(connection, body=b" " * 3_000_000)
    assert (response.status, json.loads(body)["error"]["code"]) == (413, "body_too_large")
    assert ask(connection)[0].status == 200


@pytest.mark.parametrize(("size", "status"), [(2_000_000, 200), (2_000_001, 413)])
def test_a_chunked_body_is_limited_like_any_other(
    connection: http.client.HTTPConnection, size: int, status: int
) -> None:
    body = REVIEW + b" " * (size - len(REVIEW))
    chunks = (body[start : start + 65536] for start in range(0, size, 65536))
    assert ask(connection, body=chunks, encode_chunked=True)[0].status == status


def test_the_access_log_has_neither_bodies_nor_queries_nor_line_breaks(
    connection: http.client.HTTPConnection, log: Path
) -> None:
    ask(connection, body=b'{"review": "my secret opinion"}')
    ask(connection, "GET", "/nowhere%0Aforged?review=my+secret+opinion", body=None)
    wait_for(log, r"127\.0\.0\.1 POST /predict 200 \d+B [\d.]+ms [0-9a-f]{32}\n")
    wait_for(log, r"127\.0\.0\.1 GET /nowhere%0Aforged 404 \d+B [\d.]+ms [0-9a-f]{32}\n")
    assert "secret" not in log.read_text()


def test_who_is_turned_away_keeps_the_connection_and_comes_in_later(
    torchserve: FakeTorchServe, tmp_path: Path
) -> None:
    settings = torchserve.settings()
    with gateway(
        tmp_path / "log",
        torchserve_inference_url=settings.torchserve_inference_url,
        torchserve_management_url=settings.torchserve_management_url,
        key_file=settings.key_file,
        max_in_flight=1,
    ) as (_, port):
        first, second = (http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in "ab")
        torchserve.go_on.clear()
        first.request("POST", "/predict", REVIEW, JSON)
        assert torchserve.arrived.acquire(timeout=30)
        for number in range(2):
            response, body = ask(second, headers={**JSON, "x-request-id": f"mine-{number}"})
            assert (response.status, json.loads(body)["error"]["code"]) == (429, "queue_full")
            assert response.headers["X-Request-Id"] == f"mine-{number}"
            assert response.headers["Retry-After"] == "1"
            own_socket = second.sock.getsockname()
        torchserve.go_on.set()
        assert first.getresponse().read() == json.dumps(PREDICTION).encode()
        assert ask(second)[0].status == 200
        assert second.sock.getsockname() == own_socket
        first.close()
        second.close()


def test_sigterm_ends_the_gateway_with_every_process_it_started(
    torchserve: FakeTorchServe, tmp_path: Path
) -> None:
    with gateway(tmp_path / "log", key_file=torchserve.key_file) as (process, port):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            pytest.fail("something still listens")


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "GATEWAY_PORT",
            "http",
            "gateway: Expected GATEWAY_PORT to be a port from 1 to 65535, found 'http'; "
            "the default is 8000.",
        ),
        (
            "GATEWAY_READ_TIMEOUT_SECONDS",
            "-1",
            "gateway: Expected GATEWAY_READ_TIMEOUT_SECONDS to be seconds above 0, at most 3600, "
            "found '-1'; the default is 60.",
        ),
    ],
)
def test_an_unfit_setting_ends_the_start_with_one_line(name: str, value: Any, line: str) -> None:
    finished = run(COMMAND, cwd=ROOT, env={**os.environ, name: value})
    assert finished.returncode == 1
    assert finished.stderr == line + "\n"


def test_the_gateway_loads_neither_torch_nor_the_handler_nor_the_training() -> None:
    code = (
        "import sys, gateway.app; "
        "print([room for room in ('torch', 'handler', 'training') if room in sys.modules])"
    )
    assert output_of([sys.executable, "-c", code], cwd=ROOT) == "[]\n"
