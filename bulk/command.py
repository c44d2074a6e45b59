"""Score the reviews in files: every row is kept, and the verdict's columns are added.

SOURCE is a CSV, TSV, JSON Lines or Parquet file (all but Parquet also .gz or .zst), a folder of
them, or a pattern in quotes, on this machine or at an address such as s3://bucket/folder. TARGET is
a folder. It is filled with parts that are written whole; the same command goes on after any stop.

Exit code: 0 complete, 1 could not begin, 3 partial (the same command goes on).
"""

import argparse
import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from bulk.chunks import FileEnd
from bulk.errors import BulkError
from bulk.formats import CHOICES
from bulk.job import Job, begin, target_encoding
from bulk.model import Model, open_model
from bulk.placement import placements
from bulk.places import locate
from bulk.processes import score_in_processes
from bulk.run import Way, run
from bulk.scoring import Output, Scorer, score_stream
from bulk.source import find_files
from bulk.summary import as_text, write_summary
from bulk.verdicts import Columns, Tally
from contract.errors import UserError
from handler.engines import AUTO, ENGINES
from handler.files import WriteError

COMPLETE: Final = 0
NOT_BEGUN: Final = 1
PARTIAL: Final = 3
# Ray itself gives up after half a minute, which a busy machine needs.
_RAY_START_SECONDS: Final = "120"


def main(arguments: list[str] | None = None) -> int:
    """Score from the command line; returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        return _score(options)
    except UserError as error:
        print(f"bulk: {error}", file=sys.stderr)
        return NOT_BEGUN


def _score(options: argparse.Namespace) -> int:
    files = find_files(options.source)
    model = open_model(options.checkpoint, options.cache)
    target = locate(options.target)
    output = Output(
        target,
        target_encoding(options.format, files),
        options.text_column,
        Columns(model.labels, options.prefix),
        model.version,
    )
    with _way(options, model) as (engine, way):
        job, tallies = begin(files, target, output, model, engine, options.part_rows)
        _say(job, sum(each.rows for each in tallies))
        summary, stopped = run(job, tallies, way)
    # A full disk: the summary is printed in any case.
    with contextlib.suppress(OSError, WriteError):
        write_summary(target, summary)
    print(as_text(summary))
    if stopped:
        print(f"bulk: {stopped}; the same command goes on from here.", file=sys.stderr)
    return COMPLETE if summary.complete else PARTIAL


@contextlib.contextmanager
def _way(options: argparse.Namespace, model: Model) -> Iterator[tuple[str, Way]]:
    """Yield the engine that scores, and how the job's chunks come to it."""
    if options.ray:
        with _on_ray(options, model) as way:
            yield way
    else:
        yield _on_this_machine(options, model)


def _on_this_machine(options: argparse.Namespace, model: Model) -> tuple[str, Way]:
    if options.address or options.actors:
        raise BulkError("--address and --actors: expected --ray with them, found it missing.")
    places = placements(options.processes)
    predictor = model.load(options.engine, len(places[0].cores), places[0].device)
    if len(places) > 1:
        return predictor.engine_name, partial(score_in_processes, model=model, places=places)
    return predictor.engine_name, partial(score_here, scorer=predictor)


@contextlib.contextmanager
def _on_ray(options: argparse.Namespace, model: Model) -> Iterator[tuple[str, Way]]:
    if options.processes:
        raise BulkError("--processes: expected without --ray; --actors says how many score.")
    if options.address is None:
        _prepare_own_ray()
    try:
        from bulk import cluster
    except ModuleNotFoundError as error:
        raise BulkError(
            f"--ray: expected the package {error.name}, found it not installed; `make score` with "
            'SCORE_ARGS="--ray" installs it.'
        ) from error
    with cluster.connected(options.address):
        pool = cluster.plan_pool(options.actors)
        engine = cluster.engine_on_ray(model, options.engine, pool)
        yield engine, partial(cluster.score_on_ray, model=model, pool=pool)


def _prepare_own_ray() -> None:
    """Let nobody else use this run's Ray, and let it leave no token in the home folder.

    Ray reads the token when it is imported: set later, its own servers turn this command away.
    """
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    os.environ.setdefault("RAY_raylet_start_wait_time_s", _RAY_START_SECONDS)


def score_here(job: Job, scorer: Scorer) -> Iterator[Tally | FileEnd]:
    """Score in this process."""
    return score_stream(scorer, job.read_all(), job.output)


def _say(job: Job, rows: int) -> None:
    count = len(job.files)
    source = f"{count:,} files" if count > 1 else job.files[0].place.path
    done = f", {rows:,} rows are there already" if rows else ""
    print(
        f"{source} -> {job.output.target.path}, model {job.output.version} on "
        f"{job.manifest.engine}{done}",
        file=sys.stderr,
    )


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m bulk",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("source", metavar="SOURCE", help="file, folder or pattern in quotes, or an address of one")
    add("target", metavar="TARGET", help="folder that is empty or that this command began")
    add("--text-column", default="review", help="column with the reviews (review)")
    add(
        "--checkpoint",
        type=Path,
        default=Path("model_store/sentiment.mar"),
        help="packed archive or checkpoint's folder (model_store/sentiment.mar)",
    )
    add("--format", choices=CHOICES, help="of the parts (as the source)")
    add("--prefix", default="", help="put before the names of the columns that are added")
    add("--part-rows", type=_positive, default=4096, help="rows of a part (4096)")
    add("--engine", default=AUTO, choices=[AUTO, *ENGINES], help="(auto: the fastest that runs)")
    add("--processes", type=_positive, help="predictors (one per GPU, else one per NUMA node)")
    add("--ray", action="store_true", help="score as Ray Data, with a pool of actors")
    add(
        "--address",
        help="with --ray: HOST:PORT of a cluster (started here)",
    )
    add("--actors", type=_positive, help="with --ray: predictors (one per GPU, else one per node)")
    add(
        "--cache",
        type=Path,
        default=Path("run/bulk"),
        help="folder where archives are unpacked (run/bulk)",
    )
    return made


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text}")
    return value
