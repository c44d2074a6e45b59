"""Which files are read: one, a folder of them, or a pattern, here or in an object store."""

import re
from dataclasses import dataclass
from typing import Final

from pyarrow import fs

from bulk.errors import BulkError
from bulk.formats import KNOWN, Encoding, encoding_of
from bulk.places import Place, locate

_WILDCARD: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class SourceFile:
    """One file to read, and by what it is known again: its size in bytes and its last change."""

    place: Place
    encoding: Encoding
    bytes: int
    modified: str


def find_files(address: str) -> list[SourceFile]:
    """Return the files that an address stands for, sorted by path; raises BulkError without any.

    Names that begin with a dot or an underscore are passed over, as in every lake.
    """
    found = _matching(address) if _WILDCARD.search(address) else _below(locate(address), address)
    files = [file for file in found if file is not None]
    if not files:
        raise BulkError(
            f"{address}: expected files that end in {KNOWN}; found none. Name the file, its folder "
            "or a pattern in quotes."
        )
    return files


def _below(place: Place, address: str) -> list[SourceFile | None]:
    info = place.info()
    if info.type == fs.FileType.File:
        return [_source_file(place.files, info)]
    if info.type == fs.FileType.NotFound:
        raise BulkError(f"{address}: expected a file, a folder or a pattern, found nothing there.")
    return [
        _source_file(place.files, entry)
        for entry in place.listing(recursive=True)
        if not _is_hidden(entry.path.removeprefix(place.path))
    ]


def _matching(address: str) -> list[SourceFile | None]:
    place = locate(address)
    start = _WILDCARD.search(place.path)
    assert start is not None
    folder = Place(place.files, place.path[: start.start()].rpartition("/")[0] or "/")
    pattern = re.compile(_as_regex(place.path))
    entries = folder.listing(recursive=True)
    return [
        _source_file(place.files, entry)
        for entry in entries
        if pattern.fullmatch(entry.path) and not _is_hidden(entry.path.removeprefix(folder.path))
    ]


def _as_regex(pattern: str) -> str:
    """Translate a pattern: * and ? stay within a folder's name, ** crosses folders."""
    kinds = {"**/": r"(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]*\])", pattern)
    return "".join(
        kinds.get(piece) or (piece if piece[:1] == "[" else re.escape(piece)) for piece in pieces
    )


def _is_hidden(path: str) -> bool:
    return any(name[:1] in ("_", ".") for name in path.split("/") if name)


def _source_file(files: fs.FileSystem, info: fs.FileInfo) -> SourceFile | None:
    encoding = encoding_of(info.path)
    if info.type != fs.FileType.File or encoding is None:
        return None
    return SourceFile(Place(files, info.path), encoding, info.size or 0, str(info.mtime))
