"""The distribution's Prometheus, started for tests before a running service."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from benchmarks.stack import free_ports
from tests.commands import stop
from tests.stack import ROOT, send

DEPLOY = ROOT / "deploy"


def program(name: str, package: str = "prometheus") -> str:
    """Return the path of a program; without it the test says loudly what it could not test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"NOT TESTED: {name} is missing (Debian's package {package})")
    return found


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the samples of an expression now; a faulty one is an AssertionError."""
        reply = send(f"{self.url}/api/v1/query?query={quote(expression)}")
        assert reply.status == 200, f"{expression}: {reply.body.decode()}"
        samples: list[dict[str, Any]] = reply.json["data"]["result"]
        return samples

    def values(self, expression: str) -> list[float]:
        """Return the values of an expression now."""
        return [float(sample["value"][1]) for sample in self.query(expression)]

    def wait_for(self, expression: str, seconds: float = 60.0) -> list[float]:
        """Return an expression's values as soon as it has any."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if values := self.values(expression):
                return values
            time.sleep(0.2)
        raise AssertionError(f"no sample within {seconds:g} s: {expression}")


@contextmanager
def running(folder: Path, service: str) -> Iterator[Prometheus]:
    """Run Prometheus on a service's gateway, with the rules of deploy/, twice a second."""
    config = {
        "global": {
            "scrape_interval": "500ms",
            "scrape_timeout": "500ms",
            "evaluation_interval": "500ms",
        },
        "rule_files": [str(_impatient_rules(folder))],
        "scrape_configs": [
            {"job_name": "sentiment", "static_configs": [{"targets": [urlsplit(service).netloc]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    address = f"127.0.0.1:{free_ports(1)[0]}"
    command = [
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_ready(f"http://{address}/-/ready", process)
        yield Prometheus(f"http://{address}")
    finally:
        stop(process)


def _impatient_rules(folder: Path) -> Path:
    """Write the rules without the time for which a condition must hold."""
    lines = (DEPLOY / "prometheus" / "rules.yml").read_text().splitlines()
    path = folder / "rules.yml"
    path.write_text("\n".join(line for line in lines if not line.strip().startswith("for:")))
    return path


def _wait_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            if send(url).status == 200:
                return
        time.sleep(0.1)
    raise AssertionError("Prometheus did not become ready")
