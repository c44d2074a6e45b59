"""The folder of archives that TorchServe may load from: what is served, and what may replace it.

It lies in the run folder, so that a model can be replaced where nothing else may be written. A
start begins with the archive that the runner was told of; a swap puts another one in its place.
"""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Final

from serving.archive import require_whole
from serving.errors import StartError

SERVED: Final = "sentiment.mar"
_COMING: Final = "coming.mar"
_MANIFEST: Final = "MAR-INF/MANIFEST.json"


def open_store(run_dir: Path, archive: Path) -> None:
    """Make the store of one start anew: it holds the archive to serve, as a link."""
    store = store_of(run_dir)
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir(parents=True)
    (store / SERVED).symlink_to(archive)


def store_of(run_dir: Path) -> Path:
    """Return the store of a run folder."""
    return run_dir / "models"


def bring(archive: Path, store: Path) -> Path:
    """Copy an archive and its checksum into the store, and return the copy once it is found whole.

    What is checked is what is served: the original may change afterwards. Raises StartError.
    """
    require_whole(archive)
    copy = store / _COMING
    shutil.copyfile(archive, copy)
    shutil.copyfile(_checksum_of(archive), _checksum_of(copy))
    require_whole(copy)
    return copy


def as_version(archive: Path, version: str) -> Path:
    """Write an archive once more, as another version: TorchServe keeps two of one model apart so.

    Raises StartError if the archive does not say which model it holds.
    """
    copy = archive.with_name(f"sentiment-{version}.mar")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(copy, "w") as new:
        if _MANIFEST not in old.namelist():
            raise StartError(f"{archive} holds no {_MANIFEST}: pack it with `python -m archive`")
        for entry in old.infolist():
            content = old.read(entry)
            is_manifest = entry.filename == _MANIFEST
            new.writestr(entry, _renamed(content, version) if is_manifest else content)
    return copy


def _renamed(manifest: bytes, version: str) -> bytes:
    content = json.loads(manifest)
    content["model"]["modelVersion"] = version
    return json.dumps(content).encode()


def settle(copy: Path) -> None:
    """Let the archive be what a TorchServe that is started again begins with."""
    _checksum_of(copy).unlink(missing_ok=True)
    copy.replace(copy.with_name(SERVED))


def _checksum_of(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.sha256")
