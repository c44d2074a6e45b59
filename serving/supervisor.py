"""Runs both servers as one: ready together, ended together, whichever of them stops first."""

import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from serving.archive import ensure_archive
from serving.errors import StartError
from serving.gateway import start_gateway
from serving.processes import Server, adopt_orphans, stop_server
from serving.runtimes import java_program
from serving.settings import Settings
from serving.torchserve import load_failure, start_torchserve

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 10.0  # seconds a server has to end by itself
POLL = 0.2  # seconds between looks at the servers


def serve(settings: Settings) -> int:
    """Run until a stop signal (0) or the death of a server (1); StartError if it cannot start."""
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    java = java_program(os.environ)
    _require_free_ports(settings)
    _require_page(settings.page)
    _make_log_dir(settings.log_dir)
    ensure_archive(settings)
    adopt_orphans()
    with _private_folder() as temporary, _without(settings.key_file), _ending_all() as servers:
        servers.append(start_torchserve(settings, java, temporary))
        servers.append(start_gateway(settings))
        return _watch(servers, settings, stop)


def _require_free_ports(settings: Settings) -> None:
    for what, port in settings.ports.items():
        host = settings.host if what == "gateway" else "127.0.0.1"
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ignore closed connections
            try:
                probe.bind((host, port))
            except OSError as error:
                raise StartError(
                    f"port {port} for {what} cannot be had ({error.strerror}): "
                    "end what listens there, or choose another (`python -m serving --help`)"
                ) from error


def _make_log_dir(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"cannot make {folder} ({error.strerror}): choose another folder with --run-dir"
        ) from error


def _require_page(page: Path) -> None:
    if not (page / "index.html").is_file():
        raise StartError(f"no built page in {page}: run `make page`")


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Yield a temporary folder for sockets and the unpacked archive, this user's alone."""
    folder = Path(tempfile.mkdtemp(prefix="sentiment-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _without(key_file: Path) -> Iterator[None]:
    """Remove an earlier start's tokens before, and this one's after: TorchServe leaves them."""
    key_file.unlink(missing_ok=True)
    try:
        yield
    finally:
        key_file.unlink(missing_ok=True)


@contextmanager
def _ending_all() -> Iterator[list[Server]]:
    """Yield a list; what was put into it is stopped at the end, the last one first."""
    servers: list[Server] = []
    try:
        yield servers
    finally:
        for server in reversed(servers):
            stop_server(server, GRACE)


def _watch(servers: list[Server], settings: Settings, stop: threading.Event) -> int:
    """Announce the address once a canary review has been answered, then wait for the end."""
    deadline = time.monotonic() + settings.startup_timeout
    announced = False
    while not stop.wait(POLL):
        dead = next((server for server in servers if server.process.poll() is not None), None)
        if dead:
            code = dead.process.returncode
            print(f"serve: {dead.name} ended with code {code}: see {dead.log}", file=sys.stderr)
            return 1
        if not announced:
            announced = _announce_if_ready(servers[0], settings, deadline)
    return 0


def _announce_if_ready(torchserve: Server, settings: Settings, deadline: float) -> bool:
    if _is_ready(settings.ready_url):
        print(f"READY: http://{settings.host}:{settings.port}  (stop with Ctrl-C)", flush=True)
        return True
    if reason := load_failure(settings, torchserve):
        raise StartError(f"the model cannot be loaded: {reason} (more in {settings.log_dir})")
    if time.monotonic() > deadline:
        raise StartError(f"not ready in {settings.startup_timeout:g} s: see {settings.log_dir}")
    return False


def _is_ready(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as response:
        return bool(response.status == 200)
    return False
