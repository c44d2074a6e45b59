"""How far a run is: rows, rows a second, time left, errors so far; and what came of it."""

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tqdm import tqdm

from bulk.chunks import FileEnd
from bulk.job import Job
from bulk.verdicts import Tally

# A log is not a screen: half a minute between two lines is enough there.
_SECONDS_SCREEN, _SECONDS_LOG = 0.5, 30.0


@dataclass
class Ledger:
    """Counts over parts, and the ends of files; `shares` says how much of each file is done."""

    rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    unsure: int = 0
    truncated: int = 0
    shares: dict[int, float] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)

    def add(self, part: Tally) -> None:
        """Count a part."""
        self.rows += part.rows
        self.labels.update(part.labels)
        self.errors.update(part.errors)
        self.unsure += part.unsure
        self.truncated += part.truncated
        self.shares[part.file] = max(self.shares.get(part.file, 0.0), part.share)

    def end(self, end: FileEnd) -> None:
        """Note a file that was read, and why it could not be read to its end."""
        if end.error:
            self.failures[end.file] = end.error

    def share(self, job: Job) -> float:
        """Return how much of the source is done, by bytes, 0 to 1."""
        total = sum(file.bytes for file in job.files)
        done = sum(share * job.files[index].bytes for index, share in self.shares.items())
        return done / total if total else 0.0


def begin_ledger(job: Job, tallies: Iterable[Tally]) -> Ledger:
    """Return the counts of the parts that are there; their shares come with the next parts."""
    ledger = Ledger()
    for each in tallies:
        ledger.add(each)
    ledger.shares = {
        index: min(len(numbers) * job.part_rows / rows, 1.0)
        for index, numbers in job.done.items()
        if (rows := job.manifest.files[index].rows)
    }
    return ledger


class ProgressBar:
    """One line on the error stream; the total is an estimate until the source has been counted."""

    def __init__(self, job: Job, ledger: Ledger) -> None:
        self._job = job
        self._ledger = ledger
        seconds = _SECONDS_SCREEN if sys.stderr.isatty() else _SECONDS_LOG
        self._bar = tqdm(
            initial=ledger.rows, total=self._total(), unit=" rows", mininterval=seconds,
            maxinterval=seconds, dynamic_ncols=True, smoothing=0.1, file=sys.stderr,
        )  # fmt: skip

    def update(self) -> None:
        """Show what the ledger holds now."""
        self._bar.total = self._total()
        self._bar.set_postfix_str(f"errors {self._ledger.errors.total():,}", refresh=False)
        self._bar.update(self._ledger.rows - self._bar.n)

    def close(self) -> None:
        """Leave the line as it is."""
        self._bar.close()

    def _total(self) -> int | None:
        rows = [file.rows for file in self._job.manifest.files]
        if None not in rows:
            return sum(each for each in rows if each is not None)
        share = self._ledger.share(self._job)
        return max(int(self._ledger.rows / share), self._ledger.rows) if share else None
