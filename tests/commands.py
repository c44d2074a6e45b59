"""Programs that tests start: each has a limit, and none outlives its test."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

Words = Sequence[str | os.PathLike[str]]
Finished = subprocess.CompletedProcess[str]


@contextmanager
def started(command: Words, **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """Start a program; what has not ended when the block has is killed with all that it started.

    A child that lived on would keep its output open, and a pipeline that reads it waiting.
    """
    with subprocess.Popen(command, text=True, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def run(command: Words, seconds: float = 300.0, **options: Any) -> Finished:
    """Run a program to its end, in time, and return its exit code and what it wrote."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(command, **pipes, **options) as process:
        output, errors = process.communicate(timeout=seconds)
    return Finished(process.args, process.returncode, output, errors)


def output_of(command: Words, seconds: float = 300.0, **options: Any) -> str:
    """Run a program that has to succeed and return what it printed."""
    done = run(command, seconds, **options)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def stop(process: "subprocess.Popen[Any]", seconds: float = 60.0) -> int:
    """Ask a program to end and return its exit code; killed if it does not, and the test fails."""
    process.terminate()
    try:
        return process.wait(seconds)
    except BaseException:
        process.kill()
        process.wait()
        raise
