"""One run: from which files, with which model, into which target; what is done and what is left."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bulk import manifest
from bulk.chunks import Chunk, FileEnd
from bulk.errors import BulkError
from bulk.formats import Encoding, encoding_of
from bulk.manifest import Manifest
from bulk.model import Model
from bulk.parts import find_parts
from bulk.places import Place
from bulk.readers import check_columns, count_rows, read_chunks
from bulk.scoring import Output, tally_part
from bulk.source import SourceFile
from bulk.verdicts import Tally


@dataclass(frozen=True)
class Job:
    """What a run works on; `done` has the numbers of the chunks whose parts are there, by file."""

    files: list[SourceFile]
    output: Output
    part_rows: int
    manifest: Manifest
    done: dict[int, frozenset[int]] = field(default_factory=dict)

    def todo(self) -> list[int]:
        """Return the indices of the files that have chunks left, as far as that is known."""
        return [index for index in range(len(self.files)) if not self._is_done(index)]

    def _is_done(self, index: int) -> bool:
        rows = self.manifest.files[index].rows
        expected = None if rows is None else -(-rows // self.part_rows)
        return expected == len(self.done.get(index, frozenset()))

    def read(self, index: int) -> Iterator[Chunk | FileEnd]:
        """Yield the chunks of one file that have no part yet, and its end."""
        columns = self.output.columns.names
        try:
            check_columns(self.files[index], self.output.text_column, columns)
        except BulkError as error:
            yield FileEnd(index, 0, str(error))
            return
        yield from read_chunks(
            self.files[index],
            index,
            self.output.text_column,
            self.part_rows,
            self.done.get(index, frozenset()),
        )

    def read_all(self) -> Iterator[Chunk | FileEnd]:
        """Yield what is left of all files, one after another."""
        for index in self.todo():
            yield from self.read(index)


def begin(
    files: list[SourceFile], target: Place, output: Output, model: Model, engine: str,
    part_rows: int,
) -> tuple[Job, list[Tally]]:  # fmt: skip
    """Begin a target or go on with it; returns the job and the tallies of parts that are there.

    Raises BulkError if no file can be read, or if the target is of something else.
    """
    _require_readable(files, output)
    wanted = Manifest(
        checkpoint=model.checksum,
        engine=engine,
        text_column=output.text_column,
        prefix=output.columns.prefix,
        format=str(output.encoding),
        part_rows=part_rows,
        files=manifest.describe(files),
    )
    found = _count_rows(manifest.begin(target, wanted), files)
    manifest.write(target, found)
    parts = find_parts(target)
    tallies = [tally_part(each.place, each.file, each.number, output) for each in parts]
    done = {
        index: frozenset(each.number for each in tallies if each.file == index)
        for index in {each.file for each in tallies}
    }
    return Job(files, output, part_rows, found, done), tallies


def target_encoding(choice: str | None, files: list[SourceFile]) -> Encoding:
    """Return the encoding of the parts: the one asked for, or that of the first source file."""
    if choice is None:
        return files[0].encoding
    encoding = encoding_of(f"part.{choice}")
    assert encoding is not None, choice
    return encoding


def _require_readable(files: list[SourceFile], output: Output) -> None:
    """Raise the first file's BulkError if no file can be read; the run skips some that cannot."""
    errors: list[BulkError] = []
    for file in files:
        try:
            check_columns(file, output.text_column, output.columns.names)
        except BulkError as error:
            errors.append(error)
        else:
            return
    raise errors[0]


def _count_rows(found: Manifest, files: list[SourceFile]) -> Manifest:
    for index, file in enumerate(files):
        if found.files[index].rows is None and (rows := count_rows(file)) is not None:
            found = found.with_rows(index, rows)
    return found
