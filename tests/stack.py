"""The whole service, started for tests by the runner that `make serve` uses, on free ports."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.stack import PORTS, free_ports

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Reply:
    """One HTTP response; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def send(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 120.0,
) -> Reply:
    """Send one request on a connection of its own; any status is a reply."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, names, response.read())
    finally:
        connection.close()


@dataclass
class Runner:
    """A started runner process and what it has printed so far."""

    process: subprocess.Popen[str]
    ports: list[int]
    run_dir: Path
    output: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    def read_output(self) -> None:
        """Collect standard output line by line and notice the line that announces the address."""
        for line in self.process.stdout or ():
            self.output.append(line)
            if line.startswith("READY"):
                self.ready.set()

    def wait_ready(self, timeout: float) -> None:
        """Wait for the address to be announced; the runner's own words are the failure's."""
        deadline = time.monotonic() + timeout
        while not self.ready.wait(0.2):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"not ready: {self.output} {self.errors}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal unless the runner has ended, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait()

    def end(self) -> None:
        """Stop the runner; killed if it does not end, its servers with it, and the test fails."""
        try:
            self.stop()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def wait(self, timeout: float = 60.0) -> int:
        """Wait for the runner to end by itself, and return its exit code."""
        return self.process.wait(timeout)

    def family(self) -> list[psutil.Process]:
        """Every process that the runner started, directly or not, as of now."""
        family: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return family


@contextmanager
def running(
    run_dir: Path,
    *options: str,
    environment: Mapping[str, str] | None = None,
    root: Path = ROOT,
    launcher: Sequence[str] = (),
) -> Iterator[Runner]:
    """Start a runner on free ports; it and all that it started have ended when the block has.

    `launcher` is a command that is given the runner's own command to start.
    """
    ports = free_ports(len(PORTS))
    pairs = [(option, str(port)) for option, port in zip(PORTS, ports, strict=True)]
    command = [*launcher, sys.executable, "-m", "serving", "--run-dir", str(run_dir)]
    process = subprocess.Popen(
        [*command, *(word for pair in pairs for word in pair), *options],
        cwd=root,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    runner = Runner(process, ports, run_dir)
    readers = [
        threading.Thread(target=runner.read_output, daemon=True),
        threading.Thread(target=lambda: runner.errors.extend(process.stderr or ()), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        yield runner
    finally:
        runner.end()
        for reader in readers:
            reader.join(60)
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


@dataclass(frozen=True)
class Stack:
    """The addresses of a running service, and the keys to TorchServe's."""

    runner: Runner

    @property
    def gateway_url(self) -> str:
        """The page and the API that users meet."""
        return self._url(0)

    @property
    def inference_url(self) -> str:
        """TorchServe's predictions, behind the inference token."""
        return self._url(1)

    @property
    def management_url(self) -> str:
        """TorchServe's management, behind the management token."""
        return self._url(2)

    @property
    def metrics_url(self) -> str:
        """TorchServe's metrics, without a token."""
        return self._url(3)

    def _url(self, index: int) -> str:
        return f"http://127.0.0.1:{self.runner.ports[index]}"

    @property
    def key_file(self) -> Path:
        """The file that TorchServe writes its tokens to."""
        return self.runner.run_dir / "key_file.json"

    def token(self, kind: str) -> dict[str, str]:
        """The header that carries the token of one kind: inference or management."""
        key = json.loads(self.key_file.read_text())[kind]["key"]
        return {"Authorization": f"Bearer {key}"}

    def model(self) -> dict[str, Any]:
        """What TorchServe's management tells about the model."""
        reply = send(f"{self.management_url}/models/sentiment", headers=self.token("management"))
        model: dict[str, Any] = reply.json[0]
        return model

    def metric(self, name: str) -> float:
        """The sum of one metric of TorchServe's over all its label values; 0 before the first."""
        text = send(f"{self.metrics_url}/metrics").body.decode()
        values = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        return sum(float(value) for value in values)
