"""JSON Lines: one object a line, every value kept as the JSON that it is."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from bulk.chunks import Rows
from bulk.errors import RowError
from bulk.source import SourceFile
from bulk.streams import open_stream

#: a column of JSON values: rows need not agree in type, and numbers stay numbers
JSON: Final = pa.json_(pa.string())
_LINES_LOOKED_AT: Final = 1000
_BLOCK_BYTES: Final = 1 << 20
_MAX_LINE_BYTES: Final = 1 << 25


def json_columns(file: SourceFile) -> list[str]:
    """Return the names that occur in the first lines."""
    with open_stream(file) as stream:
        lines = islice(_lines(stream.bytes), _LINES_LOOKED_AT)
        return list(dict.fromkeys(name for line in lines for name in _parse(line)[0]))


def read_jsonl(file: SourceFile, text_column: str, size: int) -> Iterator[Rows]:
    """Yield the rows of a file in order; the text column of a broken line holds the whole line."""
    with open_stream(file) as stream:
        lines = _lines(stream.bytes)
        while some := list(islice(lines, size)):
            parsed = [_parse(line) for line in some]
            for (values, error), line in zip(parsed, some, strict=True):
                if error:
                    values[text_column] = dump(line.decode("utf-8", "replace"))
            errors = {place: error for place, (_, error) in enumerate(parsed) if error}
            yield Rows(_table([values for values, _ in parsed]), errors, stream.share())


def dump(value: object) -> str:
    """Write a value as JSON that can be stored as UTF-8, lone surrogates included."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def _lines(content: Any) -> Iterator[bytes]:
    """Yield lines that are not empty, without their ends; raises OSError if one has no end."""
    rest = b""
    while block := content.read(_BLOCK_BYTES):
        *lines, rest = (rest + block).split(b"\n")
        yield from filter(None, map(bytes.strip, lines))
        if len(rest) > _MAX_LINE_BYTES:
            raise OSError(f"a line of more than {_MAX_LINE_BYTES:,} bytes")
    if rest.strip():
        yield rest.strip()


def _parse(line: bytes) -> tuple[dict[str, str], RowError | None]:
    try:
        values = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return {}, RowError("not_json", "Expected one JSON object a line, found something else.")
    if not isinstance(values, dict):
        return {}, RowError("not_json", "Expected a JSON object, found another JSON value.")
    return {name: dump(value) for name, value in values.items()}, None


def _table(rows: list[dict[str, str]]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    return pa.table({name: pa.array(column).cast(JSON) for name, column in columns.items()})
