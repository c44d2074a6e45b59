"""TLS before the gateway: deploy/nginx/default.conf in a real nginx, with two certificate files."""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.stack import free_ports
from tests.commands import output_of, stop
from tests.stack import ROOT, Stack
from tests.trials.deaths import until

CONFIG = (ROOT / "deploy" / "nginx" / "default.conf").read_text("utf-8")
REVIEW = {"review": "A joy from start to end."}
SURROUNDINGS = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{ }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {server}
}}
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for localhost and its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem"
    )
    output_of(command.split(), cwd=folder)
    return folder


@contextmanager
def running_nginx(folder: Path, certificate: Path, gateway: str) -> Iterator[int]:
    """Run nginx with the shipped configuration, its addresses and paths alone changed."""
    port = free_ports(1)[0]
    server = CONFIG
    for shown, real in (
        ("listen 8443 ", f"listen 127.0.0.1:{port} "),
        ("/etc/nginx/tls", str(certificate)),
        ("http://service:8000", gateway),
    ):
        assert shown in server
        server = server.replace(shown, real)
    config = folder / "nginx.conf"
    config.write_text(SURROUNDINGS.format(folder=folder, server=server))
    process = subprocess.Popen([_nginx(), "-c", str(config), "-p", str(folder)])
    try:
        until(lambda: _listens(port), 20)
        yield port
    finally:
        stop(process)


def _nginx() -> str:
    if found := shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        return found
    if os.environ.get("CI") == "true":
        pytest.fail("nginx is missing")
    pytest.skip("TLS by a proxy needs nginx: apt-get install nginx-light")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def ask(stack: Stack, certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A function that sends a request by TLS, the certificate checked."""
    with running_nginx(tmp_path_factory.mktemp("nginx"), certificate, stack.gateway_url) as port:
        yield asking(port, certificate)


def asking(port: int, certificate: Path) -> Any:
    """Return a function that sends a request by TLS to a port; returns status, headers, JSON."""
    context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))

    def send(
        path: str = "/predict", body: bytes | None = None, method: str = "POST", **headers: str
    ) -> tuple[int, Any, Any]:
        connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=90)
        try:
            sent = {"Content-Type": "application/json", **headers}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return response.status, response.headers, json.loads(response.read())
        finally:
            connection.close()

    send.port = port  # type: ignore[attr-defined]
    return send


def test_a_review_is_scored_for_the_page_behind_tls(ask: Any) -> None:
    origin = f"https://localhost:{ask.port}"
    status, headers, verdict = ask(body=json.dumps(REVIEW).encode(), Origin=origin)
    assert (status, "label" in verdict) == (200, True)
    assert headers["X-Model-Version"]


def test_a_page_of_another_origin_stays_out(ask: Any) -> None:
    status, _, answer = ask(body=json.dumps(REVIEW).encode(), Origin="https://evil.example")
    assert (status, answer["error"]["code"]) == (403, "foreign_origin")


def test_the_largest_request_passes(ask: Any) -> None:
    body = json.dumps({"reviews": ["short", "x" * 49_000] * 39}).encode()
    assert len(body) > 1_900_000
    status, _, answer = ask(body=body)
    assert status == 200
    assert len(answer["predictions"]) == 78


@pytest.mark.parametrize(
    ("path", "method", "body", "expected"),
    [
        ("/metrics", "GET", None, (404, "not_found")),
        ("/nowhere", "GET", None, (404, "not_found")),
        ("/predict", "TRACE", None, (405, "method_not_allowed")),
        ("/predict", "POST", b" " * 2_000_001, (413, "body_too_large")),
        ("/predict", "POST", b" " * 4_000_000, (413, "body_too_large")),
    ],
)
def test_every_refusal_has_the_contracts_shape(
    ask: Any, path: str, method: str, body: bytes | None, expected: tuple[int, str]
) -> None:
    status, headers, answer = ask(path, body, method)
    assert (status, answer["error"]["code"]) == expected
    assert headers.get_content_type() == "application/json"


def test_a_service_that_is_away_is_told_so(certificate: Path, tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
    with running_nginx(tmp_path, certificate, nowhere) as port:
        status, headers, answer = asking(port, certificate)(body=json.dumps(REVIEW).encode())
    assert (status, answer["error"]["code"]) == (502, "upstream_unreachable")
    assert headers["Retry-After"] == "1"


def test_plain_http_at_the_port_for_tls_is_refused(ask: Any) -> None:
    connection = http.client.HTTPConnection("localhost", ask.port, timeout=20)
    connection.request("GET", "/")
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())["error"]["code"]) == (400, "bad_request")
    connection.close()
