"""The list of a checkpoint's files with their sha-256: what was trained is what is served.

`SHA256SUMS` is written with the checkpoint, travels in the .mar, and is in the format of the
program `sha256sum`, so that `sha256sum -c SHA256SUMS` checks it too. The model card is not in it:
it is about the model, and rewritten whenever something has been measured.
"""

import hashlib
from pathlib import Path
from typing import Final

from handler.errors import CheckpointError
from handler.files import write_text

CHECKSUMS_FILE: Final = "SHA256SUMS"
_NOT_LISTED: Final = (CHECKSUMS_FILE, "README.md")


def write_checksums(directory: Path) -> None:
    """Write the list of a finished checkpoint."""
    names = sorted(
        path.name
        for path in directory.iterdir()
        if path.is_file() and path.name not in _NOT_LISTED and not path.name.startswith(".")
    )
    lines = [f"{file_digest(directory / name)}  {name}\n" for name in names]
    write_text(directory / CHECKSUMS_FILE, "".join(lines))


def check_checksums(directory: Path, required: bool = False) -> None:
    """Hold every listed file to its checksum; raises CheckpointError for the first that differs.

    A checkpoint without a list is one from elsewhere: it passes unless the list is required.
    """
    path = directory / CHECKSUMS_FILE
    if not path.is_file():
        if required:
            raise CheckpointError(
                f"{path}: expected the checksums of the checkpoint's files, found no such file; "
                f"if you trust the files, write it with `python -m archive.checksums {directory}`."
            )
        return
    for name, expected in _read(path).items():
        _check(directory / name, expected)


def file_digest(path: Path) -> str:
    """Return a file's sha-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> dict[str, str]:
    lines = [line.split() for line in path.read_text("utf-8").splitlines()]
    if not all(len(words) == 2 and "/" not in words[1] for words in lines):
        raise CheckpointError(f"{path}: expected lines of a sha-256 and a file's name.")
    return {name: expected for expected, name in lines}


def _check(path: Path, expected: str) -> None:
    found = file_digest(path) if path.is_file() else "no such file"
    if found != expected:
        raise CheckpointError(
            f"{path}: expected sha-256 {expected[:12]}..., found {found[:12]}...; the file is not "
            "the one that was trained: restore it, or take the whole checkpoint again."
        )
