"""A checkpoint is loaded and packed only if every file is the one that was written with it."""

from pathlib import Path

import pytest

from archive import checksums as command
from archive.build import stage
from handler.checksums import CHECKSUMS_FILE, check_checksums
from handler.errors import CheckpointError
from handler.predictor import Predictor
from tests.commands import output_of


def flip(path: Path) -> None:
    """Change one byte in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_one_flipped_bit_is_found_at_loading_and_at_packing(
    tiny_checkpoint: Path, tmp_path: Path, name: str
) -> None:
    flip(tiny_checkpoint / name)
    with pytest.raises(CheckpointError, match=f"{name}: expected sha-256"):
        Predictor.load(tiny_checkpoint, engine="torch-fp32")
    with pytest.raises(CheckpointError, match=f"{name}: expected sha-256"):
        stage(tiny_checkpoint, tmp_path / "content")


def test_a_missing_file_is_named(tiny_checkpoint: Path) -> None:
    (tiny_checkpoint / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match=r"tokenizer\.json.*found no such file"):
        check_checksums(tiny_checkpoint)


def test_without_a_list_nothing_is_packed_until_somebody_vouches_for_the_files(
    tiny_checkpoint: Path,
) -> None:
    (tiny_checkpoint / CHECKSUMS_FILE).unlink()
    check_checksums(tiny_checkpoint)
    with pytest.raises(CheckpointError, match=r"python -m archive\.checksums"):
        check_checksums(tiny_checkpoint, required=True)
    assert command.main([str(tiny_checkpoint)]) == 0
    check_checksums(tiny_checkpoint, required=True)


def test_the_card_may_be_rewritten_and_sha256sum_agrees(tiny_checkpoint: Path) -> None:
    (tiny_checkpoint / "README.md").write_text("measured")
    check_checksums(tiny_checkpoint, required=True)
    output_of(["sha256sum", "--check", "--strict", "--quiet", CHECKSUMS_FILE], cwd=tiny_checkpoint)


@pytest.mark.parametrize("content", ["abc\n", "abc  ../../etc/passwd\n"])
def test_a_list_that_is_none_is_refused(tiny_checkpoint: Path, content: str) -> None:
    (tiny_checkpoint / CHECKSUMS_FILE).write_text(content)
    with pytest.raises(CheckpointError, match="expected lines of a sha-256 and a file's name"):
        check_checksums(tiny_checkpoint)
