"""Clients that are slow, silent, broken or too many, over real sockets to `python -m gateway`."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.unit.gateway.fake_torchserve import running
from tests.unit.gateway.test_server import gateway

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = b'{"review": "A fine film."}'
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
DEADLINE = 1.0


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A gateway with short deadlines and room for six connections of one address."""
    folder = tmp_path_factory.mktemp("connections")
    with (
        running(folder) as fake,
        gateway(
            folder / "log",
            torchserve_inference_url=fake.inference_url,
            torchserve_management_url=fake.management_url,
            key_file=fake.key_file,
            header_seconds=DEADLINE,
            body_seconds=DEADLINE,
            idle_seconds=DEADLINE,
            max_connections_per_address=6,
        ) as (_, port),
    ):
        yield port


def connect(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0))


def all_of(connection: socket.socket) -> bytes:
    """Return what comes until the server closes."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def code_of(answer: bytes) -> tuple[int, str]:
    """Return status and code of an error, and hold it to the contract's shape."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert re.search(rb"\r\nx-request-id: [0-9a-f]{32}\r\n", head + b"\r\n", re.IGNORECASE)
    assert b"\r\nContent-Type: application/json\r\n" in head
    error = json.loads(body)["error"]
    assert error.keys() == {"code", "message"}
    return int(head[9:12]), error["code"]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (HEAD + b"X-Slow: a", 408, "request_timeout"),
        (HEAD + b"Content-Length: 1000\r\n\r\n{", 408, "request_timeout"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", 408, "request_timeout"),
        (b"P", 408, "request_timeout"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{\r\n0\r\n\r\n", 400, "bad_request"),
        (HEAD + b"Transfer-Encoding: zip\r\n\r\n", 501, "not_implemented"),
        (HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, "bad_request"),
        (b"nonsense\r\n\r\n", 400, "bad_request"),
        (HEAD + b"X-Long: " + b"a" * 40_000 + b"\r\n\r\n", 431, "header_too_large"),
        (HEAD + b"Content-Length: 9000000\r\n\r\n", 413, "body_too_large"),
    ],
)
def test_what_is_not_a_whole_request_is_an_error_of_the_contract(
    port: int, sent: bytes, status: int, code: str
) -> None:
    with connect(port) as connection:
        connection.sendall(sent)
        assert code_of(all_of(connection)) == (status, code)


def test_a_header_that_comes_by_and_by_has_a_deadline_all_the_same(port: int) -> None:
    begin = time.monotonic()
    with connect(port) as connection:
        connection.sendall(HEAD + b"X-Slow: ")
        connection.settimeout(0.1)
        answer = b""
        while not answer and time.monotonic() < begin + 10:
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                connection.sendall(b"a")
    assert answer[9:12] == b"408"


def test_a_silent_connection_is_closed_without_a_word(port: int) -> None:
    with connect(port) as connection:
        assert all_of(connection) == b""


def test_requests_in_a_row_are_answered_in_a_row(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(WHOLE + WHOLE + b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
        answers = all_of(connection)
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"200", b"200"]


def test_the_longest_silent_connection_makes_room_for_a_new_one(port: int) -> None:
    with ExitStack() as held:
        silent = [held.enter_context(connect(port, "127.0.0.7")) for _ in range(6)]
        time.sleep(0.6)  # younger ones are spared
        newcomer = held.enter_context(connect(port, "127.0.0.7"))
        newcomer.sendall(WHOLE)
        assert newcomer.recv(65536).startswith(b"HTTP/1.1 200")
        assert silent[0].recv(1) == b""


def test_when_none_can_make_room_the_new_one_is_refused(port: int) -> None:
    with ExitStack() as held:
        for _ in range(6):
            held.enter_context(connect(port, "127.0.0.8"))
        newcomer = held.enter_context(connect(port, "127.0.0.8"))
        assert code_of(all_of(newcomer)) == (429, "too_many_connections")
        another = held.enter_context(connect(port, "127.0.0.9"))
        another.sendall(WHOLE)
        assert another.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("path", [b"//elsewhere.example/%2e%2e", b"//elsewhere.example/docs/"])
def test_two_slashes_lead_to_no_other_host(port: int, path: bytes) -> None:
    with connect(port) as connection:
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = all_of(connection)
    assert b"\r\nLocation:" not in answer


def test_the_log_is_private_and_appended(tmp_path: Path) -> None:
    log = tmp_path / "gateway.log"
    log.write_text("an earlier start\n")
    with gateway(tmp_path / "out", log_file=log, log_format="json") as (_, port):
        with connect(port) as connection:
            connection.sendall(b"GET /healthz?secret HTTP/1.1\r\nConnection: close\r\n\r\n")
            all_of(connection)
        deadline = time.monotonic() + 10
        while "/healthz" not in log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    first, *rest = log.read_text().splitlines()
    assert first == "an earlier start"
    line = next(json.loads(line) for line in rest if "/healthz" in line)
    assert (line["path"], line["status"], line["client"]) == ("/healthz", 200, "127.0.0.1")
    assert log.stat().st_mode & 0o777 == 0o640
    assert "secret" not in log.read_text()
