"""Formats and compressions, as the names of files tell them."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal, get_args

FileFormat = Literal["csv", "tsv", "jsonl", "parquet"]
Compression = Literal["gzip", "zstd"]

SUFFIXES: Final[dict[str, FileFormat]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
COMPRESSIONS: Final[dict[str, Compression]] = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_ENDINGS: Final[dict[Compression | None, str]] = {None: "", "gzip": ".gz", "zstd": ".zst"}


@dataclass(frozen=True)
class Encoding:
    """How rows are written in a file; Parquet compresses by itself."""

    format: FileFormat
    compression: Compression | None = None

    def __str__(self) -> str:
        return f"{self.format}{_ENDINGS[self.compression]}"


#: what `--format` takes
CHOICES: Final = [
    str(Encoding(name, compression))
    for name in get_args(FileFormat)
    for compression in _ENDINGS
    if name != "parquet" or compression is None
]
KNOWN: Final = f"{', '.join(SUFFIXES)}, the first four also with .gz or .zst"


def encoding_of(path: str) -> Encoding | None:
    """Return the encoding that a file's name tells, None if it tells none that is known."""
    name = PurePosixPath(path)
    compression = COMPRESSIONS.get(name.suffix.lower())
    suffix = PurePosixPath(name.stem).suffix if compression else name.suffix
    file_format = SUFFIXES.get(suffix.lower())
    if file_format is None or (file_format == "parquet" and compression):
        return None
    return Encoding(file_format, compression)
