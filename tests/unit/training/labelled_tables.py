"""Small labelled tables for training tests: labels that a few steps can learn."""

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

WORDS = {
    "negative": ("awful", "dreadful", "boring", "poor"),
    "positive": ("great", "lovely", "wonderful", "superb"),
}
_FILLER = ("the", "film", "was", "plot", "cast", "a")


def write_table(path: Path, rows: Sequence[tuple[str, str]], header: str = "review,label") -> Path:
    """Write (text, label) rows as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([header.split(","), *rows])
    return path


def make_rows(
    counts: Mapping[str, int], words: Mapping[str, Sequence[str]]
) -> list[tuple[str, str]]:
    """Draw so many texts of each label."""
    draw = random.Random(0)
    return [
        (_text(words[label], draw), label) for label, count in counts.items() for _ in range(count)
    ]


def _text(words: Sequence[str], draw: random.Random) -> str:
    """Draw a text of which every other word tells the label."""
    length = draw.randint(3, 9)
    return " ".join(f"{draw.choice(_FILLER)} {draw.choice(words)}" for _ in range(length))
