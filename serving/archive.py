"""Packs the .mar when its inputs have changed, and lets none pass whose checksum does not fit."""

import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

from serving.errors import StartError
from serving.processes import start_server, stop_server
from serving.settings import ROOT, Settings

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 10.0
CHECKPOINT_FILES = ("config.json", "model.safetensors", "tokenizer.json")


def ensure_archive(settings: Settings, stop: threading.Event) -> None:
    """Leave an archive that fits its checksum and, unless prepacked, the checkpoint and handler.

    Returns early, with nothing changed, once `stop` is set.
    """
    if not settings.prepacked:
        _require_checkpoint(settings.checkpoint)
        _pack_if_changed(settings, stop)
    if not stop.is_set():
        require_whole(settings.archive)


def _require_checkpoint(checkpoint: Path) -> None:
    missing = [name for name in CHECKPOINT_FILES if not (checkpoint / name).is_file()]
    if missing:
        raise StartError(
            f"no checkpoint in {checkpoint}: {', '.join(missing)} missing; "
            "run `make train`, or restore the folder with `git checkout`"
        )


def _pack_if_changed(settings: Settings, stop: threading.Event) -> None:
    inputs = _fingerprint(settings.checkpoint)
    record = settings.archive.with_name(settings.archive.name + ".inputs")
    if settings.archive.is_file() and record.is_file() and record.read_text() == inputs:
        return
    print(
        f"Packing {settings.archive.name} (20 s to a minute, after a change only) ...", flush=True
    )
    record.unlink(missing_ok=True)
    _pack(settings, stop)
    if not stop.is_set():
        size = settings.archive.stat().st_size / 1e6
        print(f"  {size:.0f} MB in {settings.archive}", flush=True)
        record.write_text(inputs)


def _pack(settings: Settings, stop: threading.Event) -> None:
    log = settings.log_dir / "archive.log"
    paths = ["--checkpoint", str(settings.checkpoint), "--output", str(settings.archive)]
    command = [sys.executable, "-m", "archive", *paths]
    packing = start_server("packing", command, os.environ, ROOT, log, umask=0o022)
    while packing.process.poll() is None:
        if stop.wait(_POLL_SECONDS):
            stop_server(packing, _GRACE_SECONDS)
            return
    if packing.process.returncode != 0:
        lines = [line for line in packing.output().splitlines() if line.strip()]
        reason = lines[-1] if lines else f"exit code {packing.process.returncode}"
        raise StartError(f"packing {settings.checkpoint} failed: {reason} (all of it in {log})")


def _fingerprint(checkpoint: Path) -> str:
    """Ask the archive step for a digest of all that it would read and pack."""
    command = [sys.executable, "-m", "archive.inputs", "--checkpoint", str(checkpoint)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def require_whole(archive: Path) -> None:
    """Raise StartError unless the archive is whole and the one that its checksum was made of."""
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
    if not zipfile.is_zipfile(archive):
        raise StartError(f"{archive} is no archive, or only a part of one: run `make archive`")
