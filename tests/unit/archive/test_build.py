"""Packing: what lies in the .mar, the same bytes twice, a broken checkpoint refused."""

import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.build import build_archive, is_current, main
from tests.commands import output_of


@pytest.fixture
def archive(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    build_archive(tiny_checkpoint, tmp_path / "sentiment.mar")
    return tmp_path / "sentiment.mar"


def test_holds_checkpoint_handler_and_manifest(archive: Path) -> None:
    names = set(zipfile.ZipFile(archive).namelist())
    assert {
        "MAR-INF/MANIFEST.json",
        "sentiment_handler.py",
        "handler/predictor.py",
        "handler/stop_words.txt",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    } <= names
    assert not any("__pycache__" in name for name in names)


def test_checksum_file_is_what_sha256sum_checks(archive: Path) -> None:
    recorded = archive.with_name("sentiment.mar.sha256").read_text()
    assert recorded == f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  sentiment.mar\n"


def test_same_checkpoint_gives_the_same_bytes(archive: Path, tiny_checkpoint: Path) -> None:
    before = archive.read_bytes()
    build_archive(tiny_checkpoint, archive)
    assert archive.read_bytes() == before


def test_packed_handler_package_wins_over_the_working_directory(
    archive: Path, tmp_path: Path
) -> None:
    unpacked, elsewhere = tmp_path / "unpacked", tmp_path / "elsewhere"
    zipfile.ZipFile(archive).extractall(unpacked)
    (elsewhere / "handler").mkdir(parents=True)
    (elsewhere / "handler" / "__init__.py").write_text(
        "raise ImportError('the wrong handler package')\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{elsewhere}{os.pathsep}{unpacked}"}
    code = "import sentiment_handler, handler; print(handler.__file__)"
    found = output_of([sys.executable, "-c", code], cwd=elsewhere, env=environment)
    assert found.strip() == str(unpacked / "handler" / "__init__.py")


@pytest.mark.parametrize("broken", ["config.json", "model.safetensors", "tokenizer.json"])
def test_broken_checkpoint_is_refused_and_the_old_archive_survives(
    broken: str, archive: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = archive.read_bytes()
    path = tiny_checkpoint / broken
    path.write_bytes(path.read_bytes()[:100])
    assert main(["--checkpoint", str(tiny_checkpoint), "--output", str(archive)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("archive: ")
    assert broken in error
    assert error.count("\n") == 1
    assert archive.read_bytes() == before
    assert [path.name for path in archive.parent.glob(".sentiment*")] == []


def test_missing_checkpoint_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--checkpoint", str(tmp_path / "none"), "--output", str(tmp_path / "a.mar")]) == 1
    assert "config.json" in capsys.readouterr().err


def test_model_is_called_sentiment_whatever_the_file_is(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    build_archive(tiny_checkpoint, tmp_path / "other.mar")
    with zipfile.ZipFile(tmp_path / "other.mar") as archive:
        manifest = json.loads(archive.read("MAR-INF/MANIFEST.json"))
    assert manifest["model"]["modelName"] == "sentiment"


def test_an_archive_of_the_same_checkpoint_is_left_alone(
    archive: Path, tiny_checkpoint: Path, make_checkpoint: Callable[..., Path]
) -> None:
    words = ["--checkpoint", str(tiny_checkpoint), "--output", str(archive), "--if-changed"]
    before = archive.stat().st_mtime_ns
    assert main(words) == 0
    assert archive.stat().st_mtime_ns == before
    make_checkpoint(temperature=2.0)  # in the same folder
    assert not is_current(tiny_checkpoint, archive)
    digest = archive.with_name(f"{archive.name}.sha256").read_text()
    assert main(words) == 0
    assert archive.with_name(f"{archive.name}.sha256").read_text() != digest
    assert is_current(tiny_checkpoint, archive)


def test_an_archive_that_was_exchanged_is_packed_again(
    archive: Path, tiny_checkpoint: Path
) -> None:
    archive.write_bytes(archive.read_bytes() + b"more")
    assert not is_current(tiny_checkpoint, archive)
