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

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None)  # looked up before any fork: a child may only call it


@dataclass(frozen=True)
class Server:
    """A started server: its process leads a process group of its own, with all its workers."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def start_server(
    name: str, command: list[str], environment: Mapping[str, str], directory: Path, log: Path
) -> Server:
    """Start a command in a session of its own: Ctrl-C at the terminal reaches the runner alone."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,  # TorchServe writes its tokens and sockets: nobody else's to read
            preexec_fn=_end_with_parent,
        )
    return Server(name, process, log)


def stop_server(server: Server, grace: float) -> None:
    """Ask the server to end, wait `grace` seconds for it, then kill what is left of its group."""
    server.process.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(grace)
    while _group_lives(server.process.pid):
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
