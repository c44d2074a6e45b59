"""The model that scores: a checkpoint's folder or a packed archive, and its checksum."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from bulk.errors import BulkError
from handler.checkpoint import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE, read_settings
from handler.checksums import file_digest
from handler.engines import AUTO
from handler.predictor import Predictor

_FILES: Final = (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE)
_VERSION_DIGITS: Final = 12


@dataclass(frozen=True)
class Model:
    """Where a model lies, its sha-256 over settings, weights and tokenizer, and its labels."""

    folder: Path
    checksum: str
    labels: tuple[str, ...]

    @property
    def version(self) -> str:
        """The first digits of the checksum: they tell models apart in a column."""
        return self.checksum[:_VERSION_DIGITS]

    def _require_same(self) -> None:
        """Raise BulkError if the folder, on this node, holds another model."""
        if (found := _read(self.folder).checksum) != self.checksum:
            raise BulkError(
                f"{self.folder}: expected the checkpoint {self.version}, found "
                f"{found[:_VERSION_DIGITS]}; every node needs the same one."
            )

    def load(
        self, engine: str = AUTO, threads: int | None = None, device: str | None = None
    ) -> Predictor:
        """Load the predictor that the service uses; raises UserError if it cannot run here."""
        self._require_same()
        return Predictor.load(self.folder, engine, threads, device)


def open_model(path: Path, cache: Path) -> Model:
    """Return the model in a folder or an archive, which is unpacked into the cache once."""
    if path.is_dir():
        return _read(path)
    if not zipfile.is_zipfile(path):
        raise BulkError(
            f"{path}: expected a checkpoint's folder or a packed archive, found neither; "
            "`make archive` packs one."
        )
    folder = cache / file_digest(path)[:_VERSION_DIGITS]
    if not folder.is_dir():
        _unpack(path, folder)
    return _read(folder)


def _read(folder: Path) -> Model:
    try:
        labels = read_settings(folder).labels
        digests = [f"{name} {file_digest(folder / name)}" for name in _FILES]
    except OSError as error:
        raise BulkError(f"{folder}: expected a whole checkpoint, found {error}.") from error
    return Model(folder.absolute(), hashlib.sha256("\n".join(digests).encode()).hexdigest(), labels)


def _unpack(archive: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(mkdtemp(dir=folder.parent))
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(beside)
    try:
        beside.rename(folder)
    except OSError:  # another process was faster
        if not folder.is_dir():
            raise
