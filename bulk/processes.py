"""Score in several processes, one predictor each; this one reads and hands the chunks out."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.queues import Queue

from bulk.chunks import Chunk, FileEnd
from bulk.errors import BulkError
from bulk.job import Job
from bulk.model import Model
from bulk.placement import Placement
from bulk.scoring import Output, Scorer, score_chunk
from bulk.verdicts import Tally

# Chunks that wait for each process: it never has to wait for the reader, and memory stays flat.
_AHEAD = 1


@dataclass(frozen=True)
class _Worker:
    """What a worker process holds between chunks."""

    scorer: Scorer
    output: Output


_worker: _Worker | None = None


def score_in_processes(
    job: Job, model: Model, places: list[Placement]
) -> Iterator[Tally | FileEnd]:
    """Yield tallies as parts are written; raises BulkError if a process ends before its time."""
    context = multiprocessing.get_context("spawn")
    free: Queue[Placement] = context.Queue()
    for place in places:
        free.put(place)
    pool = ProcessPoolExecutor(
        len(places), context, _start, (free, model, job.manifest.engine, job.output)
    )
    try:
        yield from _hand_out(job, pool, len(places) * (1 + _AHEAD))
    except BrokenProcessPool as error:
        raise BulkError(
            "A process that scored has ended before its time, as when memory runs out; the same "
            "command goes on from here."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _hand_out(job: Job, pool: ProcessPoolExecutor, most: int) -> Iterator[Tally | FileEnd]:
    pending: set[Future[Tally]] = set()
    for event in job.read_all():
        if isinstance(event, FileEnd):
            yield event
            continue
        pending.add(pool.submit(_score, event))
        if len(pending) >= most:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    yield from (future.result() for future in pending)


def _start(free: "Queue[Placement]", model: Model, engine: str, output: Output) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that hands out
    threading.Thread(target=_end_with_parent, daemon=True).start()
    place = free.get()
    place.settle()
    _worker = _Worker(model.load(engine, len(place.cores), place.device), output)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _score(chunk: Chunk) -> Tally:
    assert _worker is not None
    return score_chunk(_worker.scorer, chunk, _worker.output)
