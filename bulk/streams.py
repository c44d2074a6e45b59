"""Open a text file as a stream of bytes, decompressed, and tell how far it has been read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa

from bulk.formats import Compression
from bulk.source import SourceFile


@dataclass(frozen=True)
class Stream:
    """The bytes of a file; `share` tells how much of it has been read, 0 to 1."""

    bytes: IO[bytes]
    share: Callable[[], float]


@contextmanager
def open_stream(file: SourceFile) -> Iterator[Stream]:
    """Open a CSV, TSV or JSON Lines file from the start."""
    with file.place.files.open_input_file(file.place.path) as raw:
        content = decompress(raw, file.encoding.compression)
        yield Stream(content, lambda: min(raw.tell() / max(file.bytes, 1), 1.0))


def decompress(raw: Any, compression: Compression | None) -> Any:
    """Return a file's bytes as they were before they were compressed."""
    return pa.CompressedInputStream(raw, compression) if compression else raw
