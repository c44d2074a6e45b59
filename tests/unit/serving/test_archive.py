"""The archive is packed when its inputs change, and never served when it is not what was packed."""

import hashlib
import io
import os
import zipfile
from pathlib import Path
from threading import Event

import pytest

from serving.archive import ensure_archive
from serving.errors import StartError
from serving.settings import Settings, parse_settings


@pytest.fixture
def settings(tiny_checkpoint: Path, tmp_path: Path) -> Settings:
    """Settings of a start with a tiny checkpoint, everything written into a temporary folder."""
    paths = {"--checkpoint": tiny_checkpoint, "--archive": tmp_path / "sentiment.mar"}
    paths["--run-dir"] = tmp_path / "run"
    (tmp_path / "run" / "logs").mkdir(parents=True)
    return parse_settings([word for option, path in paths.items() for word in (option, str(path))])


def test_archive_is_packed_once_and_again_when_the_checkpoint_changes(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure_archive(settings, Event())
    first = settings.archive.stat().st_mtime_ns
    assert "Packing" in capsys.readouterr().out
    ensure_archive(settings, Event())
    assert settings.archive.stat().st_mtime_ns == first
    assert capsys.readouterr().out == ""

    card = settings.checkpoint / "README.md"
    card.write_text("Another model card.\n")
    os.utime(card, (0, 0))  # older than the archive, and yet a change
    ensure_archive(settings, Event())
    assert "Packing" in capsys.readouterr().out
    assert settings.archive.stat().st_mtime_ns > first


def zipped(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, "packed elsewhere")
    return content.getvalue()


PACKED = zipped("config.json")


@pytest.fixture
def prepacked(tmp_path: Path) -> Settings:
    """Settings of a start with an archive and its checksum, and without a checkpoint."""
    archive = tmp_path / "sentiment.mar"
    archive.write_bytes(PACKED)
    digest = hashlib.sha256(PACKED).hexdigest()
    archive.with_name("sentiment.mar.sha256").write_text(f"{digest}  sentiment.mar\n")
    nowhere = str(tmp_path / "nowhere")
    return parse_settings(["--prepacked", "--archive", str(archive), "--checkpoint", nowhere])


def test_prepacked_archive_needs_no_checkpoint(prepacked: Settings) -> None:
    ensure_archive(prepacked, Event())
    assert prepacked.archive.read_bytes() == PACKED


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("sentiment.mar", b"packed elsewhere!", "is not the archive that was packed"),
        ("sentiment.mar", None, "is missing: run `make archive`"),
        ("sentiment.mar.sha256", None, "is missing: run `make archive`"),
        ("sentiment.mar.sha256", b"", "says nothing"),
    ],
)
def test_archive_without_a_fitting_checksum_is_refused(
    prepacked: Settings, name: str, content: bytes | None, words: str
) -> None:
    file = prepacked.archive.with_name(name)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StartError, match=words):
        ensure_archive(prepacked, Event())


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_incomplete_checkpoint_is_named(settings: Settings, name: str) -> None:
    (settings.checkpoint / name).unlink()
    with pytest.raises(StartError, match=rf"no checkpoint in .*: {name} missing; run `make train`"):
        ensure_archive(settings, Event())


def test_failed_packing_says_why_and_leaves_no_archive(settings: Settings) -> None:
    (settings.checkpoint / "config.json").write_text("{}")
    with pytest.raises(StartError, match=r"packing .* failed: archive: "):
        ensure_archive(settings, Event())
    assert not settings.archive.exists()


def test_part_of_an_archive_is_refused_even_if_its_checksum_fits(prepacked: Settings) -> None:
    part = PACKED[: len(PACKED) // 2]
    prepacked.archive.write_bytes(part)
    record = prepacked.archive.with_name("sentiment.mar.sha256")
    record.write_text(f"{hashlib.sha256(part).hexdigest()}  sentiment.mar\n")
    with pytest.raises(StartError, match="is no archive, or only a part of one"):
        ensure_archive(prepacked, Event())


def test_a_stop_while_packing_leaves_nothing_behind(settings: Settings) -> None:
    stop = Event()
    stop.set()
    ensure_archive(settings, stop)
    left = {path.name for path in settings.archive.parent.iterdir()}
    assert left == {"run", settings.checkpoint.name}
