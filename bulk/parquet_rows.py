"""Parquet: columns keep their types; a row group is read page by page, however large it is."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from bulk.chunks import Rows
from bulk.source import SourceFile

_BUFFER_BYTES: Final = 1 << 20
_BATCH_ROWS: Final = 1024


def open_parquet(file: SourceFile) -> parquet.ParquetFile:
    """Open a file and read its footer; without `pre_buffer` no row group is held in memory."""
    return parquet.ParquetFile(
        file.place.path,
        filesystem=file.place.files,
        pre_buffer=False,
        buffer_size=_BUFFER_BYTES,
    )


def parquet_columns(file: SourceFile) -> list[str]:
    """Return the names of the columns."""
    with open_parquet(file) as opened:
        return list(opened.schema_arrow.names)


def parquet_rows(file: SourceFile) -> int:
    """Return the number of rows, which the footer tells."""
    with open_parquet(file) as opened:
        return int(opened.metadata.num_rows)


def read_parquet(file: SourceFile) -> Iterator[Rows]:
    """Yield the rows of a file in order."""
    read = 0
    with open_parquet(file) as opened:
        total = opened.metadata.num_rows
        for batch in opened.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
            read += batch.num_rows
            yield Rows(pa.Table.from_batches([batch]), {}, read / total)
