"""CSV and TSV: every value stays the text that it is, and a row with too many or too few is kept.

Nothing is guessed: "007" stays "007", "NA" stays "NA", and every part has the same columns.
"""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
from pyarrow import csv

from bulk.chunks import Rows
from bulk.errors import RowError
from bulk.source import SourceFile
from bulk.streams import open_stream

_DELIMITERS: Final = {"csv": ",", "tsv": "\t"}


def csv_columns(file: SourceFile) -> list[str]:
    """Return the names in the header."""
    with open_stream(file) as stream, _open(file, stream.bytes, [], {}) as reader:
        return list(reader.schema.names)


def read_csv(file: SourceFile, text_column: str) -> Iterator[Rows]:
    """Yield the rows of a file in order; the text column of a ragged row holds the whole row."""
    binary = dict.fromkeys(csv_columns(file), pa.binary())
    ragged: list[Any] = []
    row = 2  # the header is row 1
    with open_stream(file) as stream, _open(file, stream.bytes, ragged, binary) as reader:
        for batch in reader:
            table = pa.Table.from_batches([batch])
            rows = _with_ragged(table, _due(ragged, row, table.num_rows), row, text_column)
            row += rows.table.num_rows
            yield _as_text(Rows(rows.table, rows.errors, stream.share()))
        if ragged:
            empty = reader.schema.empty_table()
            yield _as_text(_with_ragged(empty, ragged, row, text_column))


def _open(
    file: SourceFile, content: Any, ragged: list[Any], types: dict[str, pa.DataType]
) -> csv.CSVStreamingReader:
    def keep(row: Any) -> str:
        ragged.append(row)
        return "skip"

    return csv.open_csv(
        content,
        # One thread: only then does the reader say which row is ragged.
        read_options=csv.ReadOptions(use_threads=False),
        parse_options=csv.ParseOptions(
            delimiter=_DELIMITERS[file.encoding.format],
            newlines_in_values=True,
            invalid_row_handler=keep,
        ),
        convert_options=csv.ConvertOptions(column_types=types),
    )


def _due(ragged: list[Any], first: int, whole: int) -> list[Any]:
    """Take those ragged rows off the list that lie among the next `whole` rows that are not."""
    due: list[Any] = []
    while ragged and ragged[0].number <= first + whole + len(due):
        due.append(ragged.pop(0))
    return due


def _with_ragged(table: pa.Table, ragged: list[Any], first: int, text_column: str) -> Rows:
    """Put ragged rows back into their places; `first` is the number of the first row."""
    pieces: list[pa.Table] = []
    errors: dict[int, RowError] = {}
    start = 0
    for passed, row in enumerate(ragged):
        place = row.number - first
        end = place - passed
        pieces += [table.slice(start, end - start), _raw_row(table.schema, row, text_column)]
        start = end
        errors[place] = RowError(
            "ragged_row",
            f"Expected {row.expected_columns} values as in the header, found "
            f"{row.actual_columns} in row {row.number}; the row is kept as it came.",
        )
    return Rows(pa.concat_tables([*pieces, table.slice(start)]), errors)


def _raw_row(schema: pa.Schema, row: Any, text_column: str) -> pa.Table:
    raw = row.text.encode("utf-8", "replace")
    values = [[raw if name == text_column else None] for name in schema.names]
    return pa.table([pa.array(value, pa.binary()) for value in values], schema=schema)


def _as_text(rows: Rows) -> Rows:
    """Decode every column; a row that is not UTF-8 gets an error and replacement characters."""
    errors = dict(rows.errors)
    columns = []
    for column in rows.table.columns:
        try:
            columns.append(column.cast(pa.string()))
        except pa.ArrowInvalid:
            columns.append(_decode(column, errors))
    return Rows(pa.table(columns, names=rows.table.column_names), errors, rows.share)


def _decode(column: pa.ChunkedArray, errors: dict[int, RowError]) -> pa.Array:
    texts: list[str | None] = []
    for place, value in enumerate(column.to_pylist()):
        texts.append(None if value is None else value.decode("utf-8", "replace"))
        if value is not None and texts[-1] != value.decode("utf-8", "ignore"):
            errors.setdefault(
                place, RowError("invalid_text", "Expected text in UTF-8, found other bytes.")
            )
    return pa.array(texts, pa.string())
