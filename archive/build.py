"""Pack a checkpoint and the handler into a .mar, the file that TorchServe loads."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import contract
import handler
from archive.export import export
from archive.inputs import fingerprint
from contract.errors import UserError
from handler.checkpoint import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from handler.checksums import CHECKSUMS_FILE, check_checksums, file_digest
from handler.errors import CheckpointError
from handler.files import whole_file, write_text
from handler.predictor import Predictor

# TorchServe serves the model under this name, whatever the file is called.
MODEL_NAME: Final = "sentiment"
CHECKSUM: Final = ".sha256"
INPUTS: Final = ".inputs"
# What the worker imports of this repository.
PACKAGES: Final = tuple(Path(str(package.__file__)).parent for package in (contract, handler))
HANDLER_FILE: Final = Path(handler.__file__).with_name("sentiment_handler.py")
CHECKPOINT_FILES: Final = (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE)
OPTIONAL_FILES: Final = (CHECKSUMS_FILE, "tokenizer_config.json", "README.md")
# The same checkpoint and code have to give the same bytes: no clock in the archive.
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
# The archiver itself puts the handler file beside the package.
_NOT_PACKED: Final = shutil.ignore_patterns("__pycache__", HANDLER_FILE.name)


def main(arguments: list[str] | None = None) -> int:
    """Pack from the command line; returns 1 after one clear line if the checkpoint is unfit."""
    parser = argparse.ArgumentParser(
        prog="python -m archive",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--checkpoint", type=Path, default=Path("model_store/checkpoint"), help="folder to pack"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("model_store/sentiment.mar"), help="archive to write"
    )
    parser.add_argument(
        "--if-changed", action="store_true", help="only if checkpoint or code changed since"
    )
    options = parser.parse_args(arguments)
    if options.if_changed and is_current(options.checkpoint, options.output):
        return 0
    # As an exception, so that what is half done is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        digest = build_archive(options.checkpoint, options.output)
    except UserError as error:
        print(f"archive: {error}", file=sys.stderr)
        return 1
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB, sha-256 {digest}")
    return 0


def is_current(checkpoint: Path, archive: Path) -> bool:
    """Return whether an archive is whole and was packed from what would be packed now."""
    made_of, checksum = _beside(archive, INPUTS), _beside(archive, CHECKSUM)
    if not all(path.is_file() for path in (archive, made_of, checksum)):
        return False
    return made_of.read_text() == _inputs_line(checkpoint) and (
        checksum.read_text().split()[:1] == [file_digest(archive)]
    )


def _inputs_line(checkpoint: Path) -> str:
    return f"{fingerprint(checkpoint)}\n"


def _beside(archive: Path, suffix: str) -> Path:
    return archive.with_name(archive.name + suffix)


def build_archive(checkpoint: Path, output: Path) -> str:
    """Write the .mar whole, and beside it its checksum and what it was made of.

    Returns the sha-256 of the .mar.
    """
    inputs = _inputs_line(checkpoint)
    _beside(output, INPUTS).unlink(missing_ok=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=f".{output.stem}-", dir=output.parent) as folder,
        whole_file(output) as packed,
    ):
        content = Path(folder) / "content"
        stage(checkpoint, content)
        _write_zip(_run_archiver(content, Path(folder)), packed)
        digest = file_digest(packed)
    write_text(_beside(output, CHECKSUM), f"{digest}  {output.name}\n")
    write_text(_beside(output, INPUTS), inputs)
    return digest


def stage(checkpoint: Path, content: Path) -> None:
    """Lay out what the worker finds in its model folder, and try it; raises CheckpointError."""
    content.mkdir()
    for name in (*CHECKPOINT_FILES, *OPTIONAL_FILES):
        if (checkpoint / name).is_file():
            shutil.copyfile(checkpoint / name, content / name)
        elif name in CHECKPOINT_FILES:
            raise CheckpointError(
                f"{checkpoint / name}: expected a checkpoint's {name}, found no such file."
            )
    check_checksums(content, required=True)
    export(content)
    Predictor.load(content).predict(["A first look at the archive."])
    for package in PACKAGES:
        shutil.copytree(package, content / package.name, ignore=_NOT_PACKED)


def _run_archiver(content: Path, workplace: Path) -> Path:
    # The archiver stages under the model's name in the temporary folder and deletes what it finds
    # there, hence a temporary folder of its own; a parent folder keeps the packages packages.
    staging, unpacked = workplace / "staging", workplace / "unpacked"
    staging.mkdir()
    unpacked.mkdir()
    command = [
        *(sys.executable, "-m", "model_archiver.model_packaging"),
        *("--model-name", MODEL_NAME, "--version", "1.0", "--handler", str(HANDLER_FILE)),
        *(
            "--extra-files",
            str(content),
            "--archive-format",
            "no-archive",
            "--export-path",
            str(unpacked),
        ),
    ]
    environment = {**os.environ, "TMPDIR": str(staging)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CheckpointError(
            f"torch-model-archiver failed: {done.stderr.strip().splitlines()[-1:]}"
        )
    return unpacked / MODEL_NAME


def _write_zip(folder: Path, target: Path) -> None:
    """Zip a folder with sorted names and fixed times; stored, because weights do not compress."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=EPOCH)
            entry.external_attr = 0o644 << 16
            content = path.read_bytes()
            archive.writestr(
                entry, _without_clock(content) if path.name == "MANIFEST.json" else content
            )


def _without_clock(manifest: bytes) -> bytes:
    fields = json.loads(manifest)
    fields.pop("createdOn")
    return json.dumps(fields, indent=2).encode()


if __name__ == "__main__":
    raise SystemExit(main())
