"""Run a job to its end, or up to what stops it; whatever is written then can be gone on with."""

import time
from collections.abc import Callable, Iterable, Iterator

from bulk import manifest
from bulk.chunks import FileEnd
from bulk.errors import BulkError
from bulk.job import Job
from bulk.parts import find_parts
from bulk.progress import Ledger, ProgressBar, begin_ledger
from bulk.summary import Summary, summarize
from bulk.verdicts import Tally
from contract.errors import UserError

# How the chunks of a job are scored: in this process or in several.
Way = Callable[[Job], Iterator[Tally | FileEnd]]


def run(job: Job, tallies: Iterable[Tally], way: Way) -> tuple[Summary, str | None]:
    """Score what is left; returns the summary, and in one line what stopped the run if it did."""
    ledger = begin_ledger(job, tallies)
    before, start = ledger.rows, time.perf_counter()
    record = job.manifest
    bar = ProgressBar(job, ledger)
    stopped: str | None = None
    try:
        for event in way(job):
            if isinstance(event, Tally):
                ledger.add(event)
                bar.update()
            else:
                ledger.end(event)
                record = _note_rows(job, record, event)
        _require_parts(job, record, ledger)
    except KeyboardInterrupt:
        stopped = "stopped"
    except UserError as error:
        stopped = str(error)
    except OSError as error:
        stopped = f"{job.output.target.path}: could not be written ({error.strerror or error})"
    finally:
        bar.close()
    seconds = time.perf_counter() - start
    return summarize(job, ledger, stopped is None, seconds, before), stopped


def _note_rows(job: Job, record: manifest.Manifest, end: FileEnd) -> manifest.Manifest:
    if end.error or record.files[end.file].rows == end.rows:
        return record
    record = record.with_rows(end.file, end.rows)
    manifest.write(job.output.target, record)
    return record


def _require_parts(job: Job, record: manifest.Manifest, ledger: Ledger) -> None:
    """Raise BulkError unless every chunk of every file that was read has its part."""
    there = {(part.file, part.number) for part in find_parts(job.output.target)}
    expected = {
        (index, number)
        for index, file in enumerate(record.files)
        if index not in ledger.failures and file.rows is not None
        for number in range(-(-file.rows // job.part_rows))
    }
    if lost := len(expected - there):
        raise BulkError(
            f"{job.output.target.path}: expected {len(expected):,} parts, {lost:,} of them are not "
            "there: something else has removed them. The same command makes them again."
        )
