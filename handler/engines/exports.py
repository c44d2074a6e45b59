"""Exports: what packing makes from a checkpoint for one engine, held against checksums."""

import json
from pathlib import Path
from typing import Any, Final

from handler.checkpoint import CONFIG_FILE, WEIGHTS_FILE
from handler.checksums import file_digest
from handler.engines.base import EngineError

FOLDER: Final = "exports"
MANIFEST: Final = "manifest.json"
SOURCES: Final = (CONFIG_FILE, WEIGHTS_FILE)
_MEND: Final = "pack the checkpoint again with `make archive`"


def find_export(directory: Path, engine: str) -> Path:
    """Return an engine's first export; raises EngineError if it is missing or of other weights."""
    exports = directory / FOLDER
    manifest = _read_manifest(exports / MANIFEST)
    if engine not in manifest["engines"]:
        raise EngineError(f"{exports}: expected an export for {engine}, found none; {_MEND}.")
    files: dict[str, str] = manifest["engines"][engine]["files"]
    for folder, digests in ((directory, manifest["source"]), (exports, files)):
        for name, expected in digests.items():
            _check(folder / name, expected)
    return exports / next(iter(files))


def write_manifest(folder: Path, checkpoint: Path, engines: dict[str, dict[str, Any]]) -> None:
    """Record every engine's files and library, and the checkpoint that they were made from."""
    source = {name: file_digest(checkpoint / name) for name in SOURCES}
    content = {"source": source, "engines": engines}
    (folder / MANIFEST).write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise EngineError(f"{path}: expected the list of exports, found no such file; {_MEND}.")
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise EngineError(f"{path}: expected JSON, found a broken file; {_MEND}.") from error
    if not isinstance(manifest, dict) or not manifest.keys() >= {"source", "engines"}:
        raise EngineError(f"{path}: expected `source` and `engines`, found others; {_MEND}.")
    return manifest


def _check(path: Path, expected: str) -> None:
    found = file_digest(path) if path.is_file() else "no such file"
    if found != expected:
        raise EngineError(
            f"{path}: expected sha-256 {expected[:12]}..., found {found[:12]}...; {_MEND}."
        )
