"""The whole service on free ports, started by the runner that `make serve` uses."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.model_files import ModelFiles

PORTS = ("--port", "--inference-port", "--management-port", "--metrics-port", "--grpc-port")
# The longest measurement is far shorter than a token lives; it is read anew for each one anyway.
STARTUP_SECONDS = 180


@dataclass(frozen=True)
class Stack:
    """A running service: where it listens and what its processes take."""

    process: subprocess.Popen[str]
    ports: dict[str, int]
    run_dir: Path
    startup_s: float

    @property
    def gateway_url(self) -> str:
        """Where users send reviews."""
        return f"http://127.0.0.1:{self.ports['--port']}/predict"

    @property
    def explain_url(self) -> str:
        """Where users ask why."""
        return f"http://127.0.0.1:{self.ports['--port']}/explain"

    @property
    def torchserve_url(self) -> str:
        """Where the gateway sends reviews."""
        return f"http://127.0.0.1:{self.ports['--inference-port']}/predictions/sentiment"

    @property
    def token(self) -> dict[str, str]:
        """The header with TorchServe's inference token."""
        keys = json.loads((self.run_dir / "key_file.json").read_text())
        return {"Authorization": f"Bearer {keys['inference']['key']}"}

    def memory_mb(self) -> dict[str, float]:
        """Return the resident memory of worker, TorchServe's frontend and gateway."""
        kinds = {
            "model_service_worker": "worker",
            "handler.relevance_process": "worker",
            "ModelServer": "torchserve",
            "-m gateway": "gateway",
        }
        found = dict.fromkeys(kinds.values(), 0.0)
        for process in psutil.Process(self.process.pid).children(recursive=True):
            command = " ".join(process.cmdline())
            kind = next((kind for word, kind in kinds.items() if word in command), None)
            if kind:
                found[kind] += process.memory_info().rss / 2**20
        return found


@contextmanager
def running_stack(files: ModelFiles) -> Iterator[Stack]:
    """Serve a model's packed archive until the block ends, from a run folder of its own."""
    with tempfile.TemporaryDirectory(prefix="serving-", dir=files.folder) as run_dir:
        yield from _serve(files, Path(run_dir))


def _serve(files: ModelFiles, run_dir: Path) -> Iterator[Stack]:
    page = run_dir / "page"
    page.mkdir(parents=True, exist_ok=True)
    (page / "index.html").write_text("<!doctype html><title>benchmark</title>")
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    start = time.perf_counter()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "serving", "--run-dir", str(run_dir), "--page", str(page)),
            *("--archive", str(files.archive), "--prepacked"),
            *("--startup-timeout", str(STARTUP_SECONDS)),
            *(word for option, port in ports.items() for word in (option, str(port))),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "GATEWAY_LOG_LEVEL": "warning"},
    )
    try:
        _wait_ready(process)
        yield Stack(process, ports, run_dir, time.perf_counter() - start)
    finally:
        process.terminate()
        process.wait(60)


def _wait_ready(process: subprocess.Popen[str]) -> None:
    for line in process.stdout or ():
        if line.startswith("READY"):
            return
    raise RuntimeError(
        f"the service did not start (exit code {process.wait()}); its words are above"
    )


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listened on a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
