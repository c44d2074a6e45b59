"""Child processes that end together with everything they started, and never outlive the runner."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MOST_LOG_BYTES = 10_000_000
LOG_MODE = 0o640
KILLED_WITHIN = 10.0  # seconds that the kernel is given
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None)  # looked up before any fork: a child may only call it


@dataclass(frozen=True)
class Server:
    """A started server: its process leads a process group of its own, with all its workers."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int = 0

    def output(self) -> str:
        """Return what this start of the server has written; the file keeps earlier ones too."""
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def last_words(self) -> str:
        """Return the last line of its output, in brackets, or nothing if there is none."""
        lines = self.output().strip().splitlines()
        return f" ({lines[-1]})" if lines else ""


def start_server(
    name: str,
    command: list[str],
    environment: Mapping[str, str],
    directory: Path,
    log: Path,
    umask: int = 0o077,
) -> Server:
    """Start a command in a session of its own: Ctrl-C at the terminal reaches the runner alone.

    What it writes is its user's alone, tokens and sockets for example, unless `umask` says more.
    """
    _make_room(log)
    with log.open("ab") as output:
        os.fchmod(output.fileno(), LOG_MODE)
        log_start = output.tell()
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=umask,
            preexec_fn=_end_with_parent,
        )
    return Server(name, process, log, log_start)


def _make_room(log: Path) -> None:
    """Put a log that has grown large aside before the next start appends to it."""
    if log.is_file() and log.stat().st_size > MOST_LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))


def stop_server(server: Server, grace: float) -> None:
    """Ask the server to end, wait `grace` seconds for it, then kill what is left of its group."""
    server.process.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(grace)
    deadline = time.monotonic() + KILLED_WITHIN
    # What is killed may still be listed for ever: some containers' first process collects nobody.
    while _group_lives(server.process.pid) and time.monotonic() < deadline:
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
        time.sleep(0.02)


def adopt_orphans() -> None:
    """Let the runner inherit its servers' orphaned workers, so that it can see each of them end."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _group_lives(group: int) -> bool:
    """Return whether a process of this group is left, once those that ended are collected."""
    with suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG) != (0, 0):
            pass
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _end_with_parent() -> None:
    """Runs in the child: should the runner be killed outright, the kernel ends the server."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _LIBC.prctl(option, value, 0, 0, 0)
