"""Pack a checkpoint and the handler into a .mar; see `python -m training.archive --help`."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import handler
from handler.checkpoint import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from handler.engines.exports import file_digest
from handler.errors import CheckpointError
from handler.predictor import Predictor
from training.export import export

# TorchServe serves the model under this name, whatever the file is called.
MODEL_NAME: Final = "sentiment"
HANDLER_PACKAGE: Final = Path(handler.__file__).parent
HANDLER_FILE: Final = HANDLER_PACKAGE / "sentiment_handler.py"
CHECKPOINT_FILES: Final = (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE)
OPTIONAL_FILES: Final = ("tokenizer_config.json", "README.md")
# The same checkpoint and code have to give the same bytes: no clock in the archive.
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
# The archiver itself puts the handler file beside the package.
_NOT_PACKED: Final = shutil.ignore_patterns("__pycache__", HANDLER_FILE.name)


def main(arguments: list[str] | None = None) -> int:
    """Pack from the command line; returns 1 after one clear line if the checkpoint is unfit."""
    parser = argparse.ArgumentParser(
        prog="python -m training.archive",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--checkpoint", type=Path, default=Path("model_store/checkpoint"), help="folder to pack"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("model_store/sentiment.mar"), help="archive to write"
    )
    options = parser.parse_args(arguments)
    try:
        digest = build_archive(options.checkpoint, options.output)
    except CheckpointError as error:
        print(f"archive: {error}", file=sys.stderr)
        return 1
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB, sha-256 {digest}")
    return 0


def build_archive(checkpoint: Path, output: Path) -> str:
    """Write the .mar and its checksum file whole, then rename; returns the sha-256 of the .mar."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.stem}-", dir=output.parent) as folder:
        workplace = Path(folder)
        content = workplace / "content"
        stage(checkpoint, content)
        unpacked = _run_archiver(content, workplace)
        packed = workplace / output.name
        _write_zip(unpacked, packed)
        digest = file_digest(packed)
        checksum = workplace / f"{output.name}.sha256"
        checksum.write_text(f"{digest}  {output.name}\n")
        packed.replace(output)
        checksum.replace(output.with_name(checksum.name))
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
    export(content)
    Predictor.load(content).predict(["A first look at the archive."])
    shutil.copytree(HANDLER_PACKAGE, content / "handler", ignore=_NOT_PACKED)


def _run_archiver(content: Path, workplace: Path) -> Path:
    # The archiver stages under the model's name in the temporary folder and deletes what it finds
    # there, hence a temporary folder of its own; the folder's content keeps `handler` a package.
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
