"""Score as Ray Data: tasks read the files, a pool of actors scores their chunks.

The functions are those of one process. When a node is lost, Ray reads and scores again what was on
it; a part has one name and is written whole, so a chunk that is done twice is there once.
"""

import logging
import os
import pickle
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

# Nothing reports home: this has to be set before Ray is imported anywhere.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
import ray.data
from pyarrow import fs
from ray.exceptions import RayError

from bulk.chunks import Chunk, FileEnd
from bulk.errors import BulkError
from bulk.job import Job
from bulk.model import Model
from bulk.parts import part_place
from bulk.scoring import Output, score_chunk, tally_part
from bulk.verdicts import Tally
from contract.errors import UserError

_ROOT: Final = str(Path(__file__).parents[1])
# Ray of this run alone: chunks are all that it holds, and it listens on a loopback address. Not on
# 127.0.0.1, because Ray puts the machine's own address in the place of that one.
_HERE: Final[dict[str, Any]] = {
    "include_dashboard": False,
    "object_store_memory": 500_000_000,
    "_node_ip_address": "127.0.0.2" if sys.platform == "linux" else None,
}
_ANSWER_SECONDS: Final = 5.0
# What Ray counts, not what is used: reading takes little, and every node has room for the actor of
# a node that was lost.
_READ_CPUS: Final = 0.1
_ACTOR_SHARE: Final = 0.4
# While an actor scores one chunk, it prepares the next one or writes the last one.
_CALLS_PER_ACTOR: Final = 2


@dataclass(frozen=True)
class Pool:
    """The actors of a run: how many, with how many threads, and what Ray counts for each."""

    actors: int
    threads: int
    cpus: float
    gpus: int


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Join the cluster at HOST:PORT, or start Ray on this machine, until the block ends.

    Raises BulkError if there is no cluster, or if Ray does not start.
    """
    if address and ":" in address:
        _require_answer(address)
    # Processes that Ray starts here import this project from where it lies.
    os.environ["PYTHONPATH"] = os.pathsep.join([_ROOT, os.environ.get("PYTHONPATH", "")])
    warnings.filterwarnings("ignore", module=r"ray\.")  # advice to those who write for Ray
    polite_end = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address or "local", log_to_driver=False, logging_level=logging.ERROR,
            **({} if address else _HERE),
        )  # fmt: skip
    # A plain Exception: Ray raises nothing narrower when a node does not come up.
    except Exception as error:
        raise BulkError(_no_cluster(address, error)) from error
    signal.signal(signal.SIGTERM, polite_end)  # Ray has put its own in this place
    try:
        yield
    finally:
        ray.shutdown()


def _require_answer(address: str) -> None:
    """Raise BulkError unless something listens there: Ray itself would try for a minute."""
    host, _, port = address.rpartition(":")
    if host in ("127.0.0.1", "localhost"):
        host = str(ray.util.get_node_ip_address())  # type: ignore[no-untyped-call] # as Ray does
    try:
        socket.create_connection((host, int(port)), _ANSWER_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise BulkError(_no_cluster(address, error)) from error


def _no_cluster(address: str | None, error: Exception) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if address is None:
        return f"--ray: expected Ray to start on this machine, found: {reason}"
    return (
        f"{address}: expected HOST:PORT of a Ray cluster's head, found none there ({reason}); "
        "start one with `ray start --head`, or leave --address out to score on this machine."
    )


def plan_pool(actors: int | None) -> Pool:
    """Return one actor per GPU, else one per node with the cores of the smallest.

    Raises BulkError if no node has a CPU to spare.
    """
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    resources = [node["Resources"] for node in nodes if node["Alive"]]
    gpus = int(sum(each.get("GPU", 0) for each in resources))
    cores = [int(each["CPU"]) for each in resources if each.get("CPU", 0) >= 1]
    if not cores:
        raise BulkError("--ray: expected a node with a CPU to score on, found none.")
    if gpus:
        threads = max(1, sum(cores) // gpus)
        return Pool(actors or gpus, threads, _ACTOR_SHARE * threads, 1)
    return Pool(actors or len(cores), min(cores), _ACTOR_SHARE * min(cores), 0)


def engine_on_ray(model: Model, engine: str, pool: Pool) -> str:
    """Return the engine that a node of the pool takes; the nodes may have what is not here."""
    load = ray.remote(num_cpus=pool.cpus, num_gpus=pool.gpus, max_retries=3)(_engine_name)
    try:
        name: str = ray.get(load.remote(model, engine, pool.threads))
    except RayError as error:
        raise BulkError(_reason(error)) from error
    return name


def _engine_name(model: Model, engine: str, threads: int) -> str:
    return model.load(engine, threads).engine_name


def score_on_ray(job: Job, model: Model, pool: Pool) -> Iterator[Tally | FileEnd]:
    """Yield tallies as parts are written, in no order; raises BulkError if Ray gives up."""
    todo = job.todo()
    if not todo:
        return
    files = ray.data.from_items([{"file": index} for index in todo], override_num_blocks=len(todo))
    read: Any = partial(_read, job=job)
    events = files.map_batches(read, batch_size=1, num_cpus=_READ_CPUS)
    scored = events.map_batches(
        _Actor,
        fn_constructor_args=(model, job.manifest.engine, pool.threads, job.output),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(
            size=pool.actors,
            max_tasks_in_flight_per_actor=2 * _CALLS_PER_ACTOR,
            max_concurrent_calls_per_actor=_CALLS_PER_ACTOR,
            enable_true_multi_threading=True,
        ),
        num_cpus=pool.cpus,
        num_gpus=pool.gpus,
    )
    try:
        with _quiet_blocks():
            for row in scored.iter_rows():
                yield pickle.loads(row["event"])
    except RayError as error:
        raise BulkError(_reason(error)) from error


@contextmanager
def _quiet_blocks() -> Iterator[None]:
    """Let every chunk be a block, scored as soon as it is read; this command has its own bar."""
    context = ray.data.DataContext.get_current()
    context.target_max_block_size = 1
    context.enable_progress_bars = False
    logger = logging.getLogger("ray.data")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _reason(error: BaseException) -> str:
    """Return what a node said in its own words, or else the last line of Ray's account."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, UserError):
            return str(seen)
        seen = getattr(seen, "cause", None) or seen.__cause__
    return f"--ray: Ray gave up: {str(error).strip().splitlines()[-1]}"


def _read(batch: dict[str, Any], job: Job) -> Iterator[dict[str, list[bytes]]]:
    for event in job.read(int(batch["file"][0])):
        yield {"event": [pickle.dumps(event)]}


class _Actor:
    """One predictor of the pool; two calls at once, of which one scores."""

    def __init__(self, model: Model, engine: str, threads: int, output: Output) -> None:
        self._scorer = model.load(engine, threads)
        self._output = output
        self._turn = threading.Lock()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[bytes]]:
        event: Chunk | FileEnd = pickle.loads(batch["event"][0])
        done = event if isinstance(event, FileEnd) else self._score(event)
        return {"event": [pickle.dumps(done)]}

    def _score(self, chunk: Chunk) -> Tally:
        place = part_place(self._output.target, chunk, self._output.encoding)
        if place.info().type == fs.FileType.File:  # written by an actor that was lost afterwards
            return tally_part(place, chunk.file, chunk.number, self._output)
        return score_chunk(self._scorer, chunk, self._output, self._turn)
