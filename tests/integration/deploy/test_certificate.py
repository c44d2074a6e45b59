"""The proxy's certificate as the blackbox exporter tells Prometheus of it, as shipped."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
import yaml

from benchmarks.stack import free_ports
from tests.integration.deploy.prometheus import DEPLOY, program
from tests.integration.test_nginx import certificate, running_nginx
from tests.stack import send
from tests.trials.deaths import until

EXPORTER = "prometheus-blackbox-exporter"
(JOB,) = (
    job
    for job in yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())[
        "scrape_configs"
    ]
    if job["job_name"] == "certificate"
)
__all__ = ["certificate"]  # a fixture


class Well(BaseHTTPRequestHandler):
    """A service that is well."""

    def do_GET(self) -> None:
        """Answer 200, whatever is asked."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Well) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def exporter() -> Iterator[str]:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    config = DEPLOY / "prometheus" / "blackbox.yml"
    command = [
        program(EXPORTER, EXPORTER),
        f"--config.file={config}",
        f"--web.listen-address={address}",
        "--log.level=error",
    ]
    process = subprocess.Popen(command)
    try:
        until(lambda: _answers(f"http://{address}/-/healthy"), 20)
        yield f"http://{address}{JOB['metrics_path']}"
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    with suppress(OSError):
        return send(url).status == 200
    return False


def probe(exporter: str, port: int) -> dict[str, float]:
    """Return what the exporter tells Prometheus of a proxy at a port."""
    (module,), (target,) = JOB["params"]["module"], JOB["params"]["target"]
    target = target.replace("nginx:8443", f"127.0.0.1:{port}")
    text = send(f"{exporter}?module={module}&target={quote(target)}").body.decode()
    return {name: float(value) for name, value in re.findall(r"^(\w+) (\S+)$", text, re.M)}


def test_the_day_on_which_the_certificate_ends_is_told(
    exporter: str, service: str, certificate: Path, tmp_path: Path
) -> None:
    with running_nginx(tmp_path, certificate, service) as port:
        found = probe(exporter, port)
    assert found["probe_success"] == 1
    assert 0 < found["probe_ssl_earliest_cert_expiry"] - time.time() <= 86_400


def test_a_proxy_that_is_away_is_told(exporter: str) -> None:
    assert probe(exporter, free_ports(1)[0])["probe_success"] == 0


def test_the_alerts_look_at_what_is_told(
    exporter: str, service: str, certificate: Path, tmp_path: Path
) -> None:
    rules = (DEPLOY / "prometheus" / "rules.yml").read_text()
    with running_nginx(tmp_path, certificate, service) as port:
        found = probe(exporter, port)
    assert set(re.findall(r"\bprobe_\w+", rules)) <= found.keys()
