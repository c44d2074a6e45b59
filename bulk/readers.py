"""Read one file as a stream of chunks, whatever its format."""

from collections.abc import Container, Iterator
from typing import Final

import pyarrow as pa

from bulk.chunks import Chunk, FileEnd, Rows, regroup
from bulk.csv_rows import csv_columns, read_csv
from bulk.errors import BulkError
from bulk.json_rows import json_columns, read_jsonl
from bulk.parquet_rows import parquet_columns, parquet_rows, read_parquet
from bulk.source import SourceFile

_COLUMNS: Final = {
    "csv": csv_columns, "tsv": csv_columns, "jsonl": json_columns, "parquet": parquet_columns,
}  # fmt: skip
_UNREADABLE: Final = (pa.ArrowException, OSError, EOFError)


def check_columns(file: SourceFile, text_column: str, added: list[str]) -> None:
    """Raise BulkError unless a file has the text column and no two columns of one name."""
    try:
        names = _COLUMNS[file.encoding.format](file)
    except _UNREADABLE as error:
        raise BulkError(_unreadable(file, error)) from error
    place = file.place.path
    if text_column not in names:
        raise BulkError(
            f"{place}: expected a column {text_column!r}, found {', '.join(names) or 'none'}; "
            "name the one with the reviews by --text-column."
        )
    if len(set(names)) < len(names):
        raise BulkError(f"{place}: expected columns of different names, found {', '.join(names)}.")
    if taken := [name for name in added if name in names]:
        raise BulkError(
            f"{place}: expected no column of a name that is added, found {', '.join(taken)}; "
            "give the added ones other names, as with --prefix model_."
        )


def count_rows(file: SourceFile) -> int | None:
    """Return the number of rows where a footer tells it, None where only reading can."""
    if file.encoding.format != "parquet":
        return None
    try:
        return parquet_rows(file)
    except _UNREADABLE:
        return None


def read_chunks(
    file: SourceFile, index: int, text_column: str, size: int, done: Container[int]
) -> Iterator[Chunk | FileEnd]:
    """Yield a file's chunks except for those that are done, and its end.

    A file that breaks off gives all rows up to there, then an end with an error.
    """
    failures: list[str] = []
    pieces = _up_to_failure(_read(file, text_column, size), file, failures)
    read = 0
    for number, rows in enumerate(regroup(pieces, size)):
        read += rows.table.num_rows
        if number not in done:
            yield Chunk(index, number, rows)
    yield FileEnd(index, read, failures[0] if failures else None)


def _read(file: SourceFile, text_column: str, size: int) -> Iterator[Rows]:
    if file.encoding.format == "parquet":
        return read_parquet(file)
    if file.encoding.format == "jsonl":
        return read_jsonl(file, text_column, size)
    return read_csv(file, text_column)


def _up_to_failure(pieces: Iterator[Rows], file: SourceFile, failures: list[str]) -> Iterator[Rows]:
    try:
        yield from pieces
    except _UNREADABLE as error:
        failures.append(_unreadable(file, error))


def _unreadable(file: SourceFile, error: BaseException) -> str:
    reason = " ".join(str(error).split())
    return f"{file.place.path}: expected a whole {file.encoding} file, found: {reason}"
