"""Packs the .mar when its inputs have changed, and lets none pass whose checksum does not fit."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from serving.errors import StartError
from serving.settings import ROOT, Settings

PACKED_CODE = (
    "handler",
    "training/archive.py",
    "training/export.py",
    "training/graph.py",
    "training/calibration.py",
    "training/calibration_reviews.txt",
    "constraints.txt",
)
CHECKPOINT_FILES = ("config.json", "model.safetensors", "tokenizer.json")


def ensure_archive(settings: Settings) -> None:
    """Leave an archive that fits its checksum and, unless prepacked, the checkpoint and handler."""
    if not settings.prepacked:
        _require_checkpoint(settings.checkpoint)
        _pack_if_changed(settings)
    _require_checksum(settings.archive)


def _require_checkpoint(checkpoint: Path) -> None:
    missing = [name for name in CHECKPOINT_FILES if not (checkpoint / name).is_file()]
    if missing:
        raise StartError(
            f"no checkpoint in {checkpoint}: {', '.join(missing)} missing; "
            "run `make train`, or restore the folder with `git checkout`"
        )


def _pack_if_changed(settings: Settings) -> None:
    inputs = _fingerprint(settings.checkpoint)
    record = settings.archive.with_name(settings.archive.name + ".inputs")
    if settings.archive.is_file() and record.is_file() and record.read_text() == inputs:
        return
    print(f"Packing {settings.archive.name} ...", flush=True)
    record.unlink(missing_ok=True)
    _pack(settings)
    record.write_text(inputs)


def _pack(settings: Settings) -> None:
    log = settings.log_dir / "archive.log"
    paths = ["--checkpoint", str(settings.checkpoint), "--output", str(settings.archive)]
    command = [sys.executable, "-m", "training.archive", *paths]
    with log.open("w") as output:
        done = subprocess.run(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode != 0:
        lines = [line for line in log.read_text().splitlines() if line.strip()]
        reason = lines[-1] if lines else f"exit code {done.returncode}"
        raise StartError(f"packing {settings.checkpoint} failed: {reason} (all of it in {log})")


def _fingerprint(checkpoint: Path) -> str:
    """Return a digest of all that packing reads, names and contents: times of files can lie."""
    digest = hashlib.sha256()
    for file in _inputs(checkpoint):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{content}  {file.name}\n".encode())
    return digest.hexdigest()


def _inputs(checkpoint: Path) -> Iterator[Path]:
    for place in (*(ROOT / name for name in PACKED_CODE), checkpoint):
        files = place.rglob("*") if place.is_dir() else [place]
        yield from sorted(f for f in files if f.is_file() and "__pycache__" not in f.parts)


def _require_checksum(archive: Path) -> None:
    record = archive.with_name(archive.name + ".sha256")
    if not archive.is_file() or not record.is_file():
        raise StartError(f"{archive} or its checksum {record.name} is missing: run `make archive`")
    recorded = (record.read_text().split() or ["nothing"])[0]
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != recorded:
        raise StartError(
            f"{archive} is not the archive that was packed: its sha-256 is {found[:12]}..., "
            f"{record.name} says {recorded[:12]}...; delete it and run `make archive`"
        )
