"""The one place that writes files and folders whole: beside their place, then renamed into it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.errors import UserError


class WriteError(UserError):
    """A file or folder could not be written; what was in its place before is still there."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to, with the same suffix; it becomes `path` if the block succeeds.

    Raises WriteError where the system refuses, be it the disk that is full.
    """
    partial = path.with_name(f".partial-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise _refused(path, error) from error


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; it replaces `path` if the block succeeds.

    Raises WriteError where the system refuses; the folder that was there before is put back.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".partial-{path.name}-", dir=path.parent))
    except OSError as error:
        raise _refused(path, error) from error
    try:
        yield staging
        staging.chmod(0o755)
        _swap(staging, path)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole, in UTF-8."""
    with whole_file(path) as partial:
        partial.write_text(text, "utf-8")


def _swap(staging: Path, target: Path) -> None:
    previous = target.with_name(f".{target.name}.previous")
    shutil.rmtree(previous, ignore_errors=True)
    if target.exists():
        target.rename(previous)
    try:
        staging.rename(target)
    except OSError:
        if previous.exists():
            previous.rename(target)
        raise
    shutil.rmtree(previous, ignore_errors=True)


def _refused(path: Path, error: OSError) -> WriteError:
    return WriteError(
        f"{path}: expected to write it, found {error}; what was there before is kept: make room, "
        "or choose another place."
    )
