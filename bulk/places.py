"""Where files lie: on this machine, or in a file system that pyarrow knows by its address."""

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import fs

from bulk.errors import BulkError
from handler.files import whole_file


@dataclass(frozen=True)
class Place:
    """A path and the file system that it belongs to; both can be sent to another process."""

    files: fs.FileSystem
    path: str

    def __truediv__(self, name: str) -> "Place":
        return Place(self.files, f"{self.path.rstrip('/')}/{name}")

    @property
    def is_local(self) -> bool:
        """Whether this is a plain path of this machine."""
        return isinstance(self.files, fs.LocalFileSystem)

    def info(self) -> fs.FileInfo:
        """Return what the file system knows about this path; NotFound is one of the types."""
        return self.files.get_file_info(self.path)

    def listing(self, recursive: bool = False) -> list[fs.FileInfo]:
        """Return the entries below this folder, sorted by path; none if it is not there."""
        selector = fs.FileSelector(self.path, allow_not_found=True, recursive=recursive)
        found: list[fs.FileInfo] = self.files.get_file_info(selector)
        return sorted(found, key=lambda info: info.path)


def locate(address: str) -> Place:
    """Return the place of a path or of an address such as s3://bucket/folder; raises BulkError."""
    if "://" not in address:
        return Place(fs.LocalFileSystem(), str(Path(address).expanduser().absolute()))
    try:
        return Place(*fs.FileSystem.from_uri(address))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise BulkError(
            f"{address}: expected a path, or an address that pyarrow knows (file, s3, gs, abfs, "
            f"hdfs); {error}"
        ) from error


def write_whole(place: Place, content: bytes | memoryview) -> None:
    """Write a file so that it is there whole or not at all, whatever stops this process.

    On this machine it is written beside its place and renamed. Object stores show an object only
    when its upload has ended, and cannot rename. Raises WriteError or OSError.
    """
    if place.is_local:
        with whole_file(Path(place.path)) as partial, partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return
    with place.files.open_output_stream(place.path) as stream:
        stream.write(content)
