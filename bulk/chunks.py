"""Chunks: the rows of one file in groups of equal size, each of which becomes one part."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from bulk.errors import RowError


@dataclass(frozen=True)
class Rows:
    """Some rows as they were read; `errors` has those that could not be read well, by place.

    `share` of the file, 0 to 1, has been read by their end.
    """

    table: pa.Table
    errors: dict[int, RowError] = field(default_factory=dict)
    share: float = 1.0

    def slice(self, start: int, end: int) -> "Rows":
        """Return the rows from `start` up to `end`."""
        errors = {place - start: error for place, error in self.errors.items()}
        kept = {place: error for place, error in errors.items() if 0 <= place < end - start}
        return Rows(self.table.slice(start, end - start), kept, self.share)


@dataclass(frozen=True)
class Chunk:
    """The rows of chunk `number` of a file, numbers of files and chunks from 0."""

    file: int
    number: int
    rows: Rows


@dataclass(frozen=True)
class FileEnd:
    """A file has been read to its end, or up to an error that reading could not pass."""

    file: int
    rows: int
    error: str | None = None


def join(pieces: list[Rows]) -> Rows:
    """Lay rows end to end; a column that some of them lack is null there."""
    errors: dict[int, RowError] = {}
    start = 0
    for piece in pieces:
        errors |= {start + place: error for place, error in piece.errors.items()}
        start += piece.table.num_rows
    table = pa.concat_tables([piece.table for piece in pieces], promote_options="default")
    return Rows(table, errors, pieces[-1].share)


def regroup(pieces: Iterable[Rows], size: int) -> Iterator[Rows]:
    """Yield groups of `size` rows whatever the sizes of the pieces; the last may be smaller.

    The groups depend on the rows alone: the same file gives the same ones every time.
    """
    held: list[Rows] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += piece.table.num_rows
        if count < size:
            continue
        rows = join(held)
        whole = count - count % size
        for start in range(0, whole, size):
            yield rows.slice(start, start + size)
        held, count = [rows.slice(whole, count)], count - whole
    if count:
        yield join(held)
