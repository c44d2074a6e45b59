"""Parts: one file of the target per chunk, named after it, there whole or not at all.

A part's name says which rows it holds, so a chunk that is done twice is still there once.
"""

import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from pyarrow import csv, parquet

from bulk.chunks import Chunk
from bulk.formats import Encoding, encoding_of
from bulk.json_rows import JSON, dump
from bulk.places import Place, write_whole

_NAME: Final = re.compile(r"part-(\d+)-(\d+)\.")
_DELIMITERS: Final = {"csv": ",", "tsv": "\t"}


@dataclass(frozen=True)
class PartFile:
    """A part that is there, and the file and chunk that it was made from."""

    place: Place
    file: int
    number: int


def part_place(target: Place, chunk: Chunk, encoding: Encoding) -> Place:
    """Return where the part of a chunk belongs."""
    return target / f"part-{chunk.file:05}-{chunk.number:06}.{encoding}"


def find_parts(target: Place) -> list[PartFile]:
    """Return the parts that are there."""
    found = []
    for info in target.listing():
        match = _NAME.match(info.base_name)
        if match:
            found.append(PartFile(Place(target.files, info.path), int(match[1]), int(match[2])))
    return found


def write_part(place: Place, table: pa.Table, encoding: Encoding) -> None:
    """Write a part; raises OSError if there is no room for it."""
    content = pa.BufferOutputStream()
    if encoding.format == "parquet":
        parquet.write_table(_plain(table), content, compression="zstd")
    elif encoding.compression:
        with pa.CompressedOutputStream(content, encoding.compression) as stream:
            _write_text(stream, table, encoding)
    else:
        _write_text(content, table, encoding)
    write_whole(place, content.getvalue())


def read_part(place: Place, columns: Iterable[str]) -> pa.Table:
    """Read some columns of a part back."""
    encoding = encoding_of(place.path)
    assert encoding is not None
    with place.files.open_input_file(place.path) as file:
        if encoding.format == "parquet":
            return parquet.read_table(file, columns=list(columns))
        stream = (
            pa.CompressedInputStream(file, encoding.compression) if encoding.compression else file
        )
        content = stream.read()
    if encoding.format == "jsonl":
        rows = [json.loads(line) for line in content.splitlines()]
        texts = {name: [_as_text(row.get(name)) for row in rows] for name in columns}
        return pa.table({name: pa.array(values, pa.string()) for name, values in texts.items()})
    return csv.read_csv(
        io.BytesIO(content),
        parse_options=csv.ParseOptions(
            delimiter=_DELIMITERS[encoding.format], newlines_in_values=True
        ),
        convert_options=csv.ConvertOptions(
            include_columns=list(columns), column_types=dict.fromkeys(columns, pa.string())
        ),
    )


def _write_text(stream: Any, table: pa.Table, encoding: Encoding) -> None:
    if encoding.format == "jsonl":
        for line in _json_lines(table):
            stream.write(line.encode() + b"\n")
        return
    options = csv.WriteOptions(delimiter=_DELIMITERS[encoding.format])
    csv.write_csv(_flat(_plain(table)), stream, options)


def _json_lines(table: pa.Table) -> Iterable[str]:
    """Write each row as an object; a field that its source row did not have stays away."""
    names = [json.dumps(name, ensure_ascii=False) for name in table.column_names]
    columns = [_as_json(column) for column in table.columns]
    for values in zip(*columns, strict=True):
        fields = zip(names, values, strict=True)
        yield "{" + ", ".join(f"{name}: {value}" for name, value in fields if value) + "}"


def _as_json(column: pa.ChunkedArray) -> list[str | None]:
    if column.type == JSON:
        texts: list[str | None] = column.cast(pa.string()).to_pylist()
        return texts
    return [dump(_portable(value)) for value in column.to_pylist()]


def _plain(table: pa.Table) -> pa.Table:
    """Write JSON strings as the text that they say; other JSON values stay JSON."""
    for place, column in enumerate(table.columns):
        if column.type == JSON:
            texts = [_said(value) for value in column.cast(pa.string()).to_pylist()]
            table = table.set_column(place, table.column_names[place], pa.array(texts, pa.string()))
    return table


def _flat(table: pa.Table) -> pa.Table:
    """Write lists and structures as JSON: CSV has no others."""
    for place, column in enumerate(table.columns):
        if pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type):
            texts = [_as_text(_portable(value)) for value in column.to_pylist()]
            table = table.set_column(place, table.column_names[place], pa.array(texts, pa.string()))
    return table


def _said(value: str | None) -> str | None:
    if value is None or not value.startswith('"'):
        return None if value == "null" else value
    said: str = json.loads(value)
    return said.encode("utf-8", "replace").decode()


def _as_text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else dump(value)


def _portable(value: object) -> object:
    """Return a value that JSON can hold; what it has no type for becomes text."""
    if isinstance(value, dict):
        return {str(name): _portable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(each) for each in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
