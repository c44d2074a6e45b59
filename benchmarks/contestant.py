"""A process of its own for each engine: its memory, threads and start-up time are nobody else's."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.model_files import ModelFiles

# Long enough for any load or round; an engine that hangs must not hang the benchmark.
PATIENCE = 600.0


class EngineUnavailableError(RuntimeError):
    """An engine that this machine or this environment does not have; the message says why."""


class Contestant:
    """One loaded engine in a child process; only one of them is ever asked to work at a time."""

    def __init__(self, name: str, files: ModelFiles, threads: int, example: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.name = name
        self._pipe, other = context.Pipe()
        self._process = context.Process(
            target=_host, args=(other, name, files, threads, example, time.time()), daemon=True
        )
        self._process.start()
        other.close()
        #: seconds from the start of the process to its first answer
        self.startup: float = self._receive()

    def score(self, reviews: Sequence[Any]) -> tuple[float, Any]:
        """Score all reviews at once; returns seconds and answers."""
        seconds, answers = self._ask("score", list(reviews))
        return float(seconds), answers

    def latencies(self, requests: Sequence[Sequence[Any]]) -> list[float]:
        """Score requests one after another; returns the seconds of each."""
        seconds: list[float] = self._ask("latencies", [list(request) for request in requests])
        return seconds

    def memory_mb(self) -> dict[str, float]:
        """Return the resident memory now, and the largest so far, which loading may have taken."""
        found: dict[str, float] = self._ask("memory", None)
        return found

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _ask(self, what: str, content: Any) -> Any:
        self._pipe.send((what, content))
        return self._receive()

    def _receive(self) -> Any:
        if not self._pipe.poll(PATIENCE):
            self._process.kill()
            raise EngineUnavailableError(f"{self.name}: no answer in {PATIENCE:g} s")
        try:
            failed, content = self._pipe.recv()
        except EOFError:
            raise EngineUnavailableError(f"{self.name}: its process died") from None
        if failed:
            self.close()
            raise EngineUnavailableError(f"{self.name}: {content}")
        return content


def _host(
    pipe: Connection, name: str, files: ModelFiles, threads: int, example: Any, started: float
) -> None:
    from benchmarks.engines import LOADERS

    try:
        score = LOADERS[name](files, threads)
        score([example])
    except Exception as error:  # whatever an engine cannot do here is said, and the others go on
        pipe.send((True, f"{type(error).__name__}: {error}"))
        return
    pipe.send((False, time.time() - started))
    answer: dict[str, Callable[[Any, Any], Any]] = {
        "score": _timed,
        "latencies": _latencies,
        "memory": _memory,
    }
    while True:
        try:
            what, content = pipe.recv()
        except EOFError:
            return
        pipe.send((False, answer[what](score, content)))


def _timed(score: Any, reviews: list[Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    answers = score(reviews)
    return time.perf_counter() - start, answers


def _latencies(score: Any, requests: list[list[Any]]) -> list[float]:
    return [_timed(score, request)[0] for request in requests]


def _memory(_score: Any, _content: None) -> dict[str, float]:
    # Unlike getrusage's figure, this peak starts anew with the process' own program.
    lines = Path("/proc/self/status").read_text().splitlines()
    sizes = {name: content.split() for name, _, content in (line.partition(":") for line in lines)}
    return {"resident": int(sizes["VmRSS"][0]) / 1024, "peak": int(sizes["VmHWM"][0]) / 1024}
