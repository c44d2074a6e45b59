"""The reviews that bulk scoring is measured on, as Parquet: IMDb's unlabelled ones."""

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from handler.files import whole_file
from training.data.readers import read_split

_MB = 1_000_000


def write_source(data: Path, path: Path) -> Path:
    """Write IMDb's unlabelled reviews with their ids, unless they are there already."""
    if not path.is_file():
        reviews = read_split(data, "unsup")
        ids, texts = [each.id for each in reviews], [each.text for each in reviews]
        with whole_file(path) as partial:
            parquet.write_table(pa.table({"id": ids, "review": texts}), partial)
    return path


def write_first(source: Path, rows: int, path: Path) -> Path:
    """Write the first rows of a source to a file of their own."""
    with whole_file(path) as partial:
        parquet.write_table(parquet.read_table(source).slice(0, rows), partial)
    return path


def write_large(source: Path, megabytes: int, path: Path) -> Path:
    """Write a source again and again, uncompressed, until the file has so many megabytes."""
    table = parquet.read_table(source)
    with (
        whole_file(path) as partial,
        parquet.ParquetWriter(partial, table.schema, compression="none") as writer,
    ):
        while partial.stat().st_size < megabytes * _MB:
            writer.write_table(table.slice(0, 5000), row_group_size=5000)
    return path
