"""The manifest: from what, with what and how a target is made; a resumed run has to agree."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import pyarrow as pa
from pyarrow import fs

from bulk.errors import BulkError
from bulk.places import Place, write_whole
from bulk.source import SourceFile

NAME: Final = "_manifest.json"


@dataclass(frozen=True)
class FileRecord:
    """A source file as it was when the run began; rows are None until they have been counted."""

    path: str
    bytes: int
    modified: str
    rows: int | None = None


@dataclass(frozen=True)
class Manifest:
    """What may not change from one run into a target to the next, and each file's rows."""

    checkpoint: str
    engine: str
    text_column: str
    prefix: str
    format: str
    part_rows: int
    files: tuple[FileRecord, ...]

    def with_rows(self, file: int, rows: int) -> "Manifest":
        """Return the manifest with the number of rows of one file."""
        files = [*self.files]
        files[file] = replace(files[file], rows=rows)
        return replace(self, files=tuple(files))


def describe(files: Sequence[SourceFile]) -> tuple[FileRecord, ...]:
    """Return the records of a source's files."""
    return tuple(FileRecord(each.place.path, each.bytes, each.modified) for each in files)


def begin(target: Place, manifest: Manifest) -> Manifest:
    """Begin a target, or return the manifest of the one to go on with.

    Raises BulkError if the target holds other things, or was begun with another checkpoint,
    source or setting.
    """
    found = _read(target)
    if found is None:
        _require_empty(target)
        target.files.create_dir(target.path, recursive=True)
        write(target, manifest)
        return manifest
    if differences := _differences(found, manifest):
        raise BulkError(
            f"{target.path}: begun with another {'; another '.join(differences)}. "
            "Parts of two runs are never mixed: choose another target, or run it as it was begun."
        )
    return found


def write(target: Place, manifest: Manifest) -> None:
    """Write the manifest whole."""
    write_whole(target / NAME, json.dumps(asdict(manifest), indent=1).encode() + b"\n")


def _read(target: Place) -> Manifest | None:
    place = target / NAME
    if place.info().type != fs.FileType.File:
        return None
    try:
        with place.files.open_input_stream(place.path) as stream:
            content: dict[str, Any] = json.loads(stream.read())
        files = tuple(FileRecord(**each) for each in content.pop("files"))
        return Manifest(**content, files=files)
    except (ValueError, TypeError, KeyError, pa.ArrowException) as error:
        raise BulkError(f"{place.path}: expected a manifest of this command: {error}") from error


def _require_empty(target: Place) -> None:
    if target.info().type == fs.FileType.File:
        raise BulkError(f"{target.path}: expected a folder as the target, found a file.")
    if entries := target.listing():
        raise BulkError(
            f"{target.path}: expected an empty folder, or one that this command began; found "
            f"{entries[0].base_name} and no {NAME}. Choose another target."
        )


def _differences(found: Manifest, wanted: Manifest) -> list[str]:
    before, now = asdict(found), asdict(wanted)
    names = [name for name in before if name != "files" and before[name] != now[name]]
    said = [f"{name}: {_short(before[name])}, now {_short(now[name])}" for name in names]
    return said + _changed_files(found.files, wanted.files)


def _changed_files(before: Sequence[FileRecord], now: Sequence[FileRecord]) -> list[str]:
    if [each.path for each in before] != [each.path for each in now]:
        return [f"source: {len(before)} files, now {len(now)} or others"]
    pairs = zip(before, now, strict=True)
    return [f"content of {new.path}" for old, new in pairs if replace(old, rows=None) != new][:1]


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) > 40 else text
