"""A small archive laid out as the official one, for tests that read or split it."""

import io
import tarfile
from pathlib import Path

from training.data import readers as data

TEXTS = {
    "train/pos": ["A joy from start to finish.", "Two brothers, one farm, no false note."],
    "train/neg": ["I want my two hours back.", "The plot has holes you could drive through."],
    "test/pos": ["Warm, funny and wise.", "She carries the whole film."],
    "test/neg": ["Loud and empty.", "The jokes are older than the cast."],
    "train/unsup": ["It was filmed in Spain.", "The sequel came out a year later."],
}


def write_archive(path: Path, texts: dict[str, list[str]] | None = None, each: int = 10) -> Path:
    """Write an archive (.tar.gz or .tar.xz) with `each` numbered copies of every text."""
    mode = "w:xz" if path.suffix == ".xz" else "w:gz"
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for folder, lines in (texts or TEXTS).items():
            for number, line in enumerate(lines * each):
                content = f"{line} Take {number} of {folder}.".encode()
                member = tarfile.TarInfo(f"aclImdb/{folder}/{number}_7.txt")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def sizes(each: int = 10, lines: int = 2) -> dict[data.Split, int]:
    """Return what `write_archive` writes, in the form of `data.SPLIT_SIZES`."""
    return {"train": 2 * lines * each, "test": 2 * lines * each, "unsup": lines * each}
