"""Runs both servers as one: ready together, started again when one dies, ended together."""

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from serving.access import require_keys
from serving.archive import ensure_archive
from serving.errors import StartError
from serving.gateway import start_gateway
from serving.memory import require_memory
from serving.ports import require_ports
from serving.processes import Server, adopt_orphans, stop_server
from serving.restarts import Restarts
from serving.runtimes import java_program
from serving.settings import Settings
from serving.store import open_store
from serving.torchserve import load_failure, start_torchserve
from serving.workers import Workers

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 10.0  # seconds a server has to end by itself
POLL = 0.2  # seconds between looks at the servers
PATIENCE = 10.0  # seconds without a line while they start


def serve(settings: Settings) -> int:
    """Run until a stop signal (0) or one death too many (1); StartError if it cannot start."""
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    java = java_program(os.environ)
    require_memory()
    require_ports(settings)
    require_keys(settings, os.environ)
    _require_page(settings.page)
    _make_log_dir(settings.log_dir)
    ensure_archive(settings, stop)
    if stop.is_set():
        return 0
    open_store(settings.run_dir, settings.archive)
    print("Starting TorchServe and the gateway (10 to 30 s) ...", flush=True)
    adopt_orphans()
    with _private_folder() as temporary, _without(settings.key_file), _ending_all() as servers:
        starts = [
            partial(start_torchserve, settings, java, temporary),
            partial(start_gateway, settings),
        ]
        servers += [start() for start in starts]
        return _watch(servers, starts, settings, stop)


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


def _watch(
    servers: list[Server],
    starts: Sequence[Callable[[], Server]],
    settings: Settings,
    stop: threading.Event,
) -> int:
    """Announce the address once a canary review has been answered, then keep both alive."""
    start = said = time.monotonic()
    deadline = start + settings.startup_timeout
    announced = False
    restarts = Restarts()
    workers = Workers(settings)
    while not stop.wait(POLL):
        if not _revive_dead(servers, starts, restarts if announced else None, stop):
            return 1
        if not announced:
            announced = _announce_if_ready(servers[0], settings, deadline)
        elif workers.are_stuck():
            print("serve: no worker came back: starting TorchServe again", file=sys.stderr)
            servers[0].process.kill()
        if not announced and time.monotonic() > said + PATIENCE:
            said = time.monotonic()
            print(f"  {said - start:.0f} s, the model is being loaded", flush=True)
    return 0


def _revive_dead(
    servers: list[Server],
    starts: Sequence[Callable[[], Server]],
    restarts: Restarts | None,
    stop: threading.Event,
) -> bool:
    """Start what has died again; returns whether the runner goes on: not without `restarts`."""
    for index, server in enumerate(servers):
        if server.process.poll() is None:
            continue
        pause = restarts.pause(server.name) if restarts else None
        _tell_death(server, pause)
        if pause is None:
            return False
        stop_server(server, 0)
        if not stop.wait(pause):
            servers[index] = starts[index]()
    return True


def _tell_death(server: Server, pause: float | None) -> None:
    print(
        f"serve: {server.name} ended with code {server.process.returncode}{server.last_words()}: "
        + (f"see {server.log}" if pause is None else f"starting it again in {pause:g} s"),
        file=sys.stderr,
        flush=True,
    )


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
