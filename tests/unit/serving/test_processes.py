"""Servers end with everything they started, however stubborn."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from serving.processes import Server, start_server, stop_server

WORKER = "import time; time.sleep(600)"
SERVER = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, {reaction})
worker = subprocess.Popen([sys.executable, "-c", {worker!r}])
print(worker.pid, flush=True)
time.sleep(600)
"""
POLITE, DEAF = "lambda *_: sys.exit(0)", "signal.SIG_IGN"


def start(folder: Path, reaction: str) -> tuple[Server, psutil.Process]:
    """Start a server that reacts to SIGTERM as told, and return it with its worker."""
    program = SERVER.format(reaction=reaction, worker=WORKER)
    log = folder / "log"
    server = start_server("a server", [sys.executable, "-c", program], {}, folder, log)
    while not log.read_text().endswith("\n"):
        assert server.process.poll() is None
        time.sleep(0.01)
    return server, psutil.Process(int(log.read_text()))


@pytest.mark.parametrize(("reaction", "code"), [(POLITE, 0), (DEAF, -9)], ids=["polite", "deaf"])
def test_stopping_ends_the_server_and_its_worker(tmp_path: Path, reaction: str, code: int) -> None:
    server, worker = start(tmp_path, reaction)
    stop_server(server, grace=1.0)
    assert server.process.returncode == code
    psutil.wait_procs([worker], timeout=5.0)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


def test_worker_of_a_server_that_died_is_ended_too(tmp_path: Path) -> None:
    server, worker = start(tmp_path, DEAF)
    server.process.kill()
    server.process.wait()
    stop_server(server, grace=1.0)
    psutil.wait_procs([worker], timeout=5.0)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


def test_server_writes_files_for_its_user_alone(tmp_path: Path) -> None:
    program = "open('token', 'w').close()"
    server = start_server("a server", [sys.executable, "-c", program], {}, tmp_path, tmp_path / "l")
    assert server.process.wait(30) == 0
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_server_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom serving.processes import start_server\n"
        f"server = start_server('s', [sys.executable, '-c', {WORKER!r}], {{}}, Path('.'),"
        f" Path({str(tmp_path / 'log')!r}))\nprint(server.process.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        server = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    _, alive = psutil.wait_procs([server], timeout=10.0)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
