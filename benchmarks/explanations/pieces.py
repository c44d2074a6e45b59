"""What was measured, written some reviews at a time: a run that was broken off goes on there."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from handler.files import write_text

SIZE: Final = 10  # reviews


@dataclass(frozen=True)
class Piece:
    """One method on the reviews from `first` to before `end`."""

    method: str
    first: int
    end: int

    @property
    def file(self) -> str:
        """The name of its file."""
        words = re.sub("[^a-z0-9]+", "-", self.method.replace("×", "x").lower())
        return f"{words}-{self.first:05}-{self.end:05}.json"


def planned(limits: Mapping[str, int], size: int = SIZE) -> list[Piece]:
    """Return the pieces of all methods in order; `limits` has the reviews for each method.

    One review of each method comes first: it tells how long the others will take.
    """
    return [
        *(Piece(method, 0, 1) for method, limit in limits.items() if limit),
        *(
            Piece(method, first, min(first + size, limit))
            for method, limit in limits.items()
            for first in range(1, limit, size)
        ),
    ]


def missing(folder: Path, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces that have not been measured yet."""
    return [piece for piece in pieces if not (folder / piece.file).is_file()]


def write(
    folder: Path, piece: Piece, rows: list[dict[str, Any]], seconds: float, engine: str
) -> None:
    """Write a piece whole, with the seconds that it took and the engine that gave the verdicts."""
    content = {"engine": engine, "seconds": seconds, "rows": rows}
    write_text(folder / piece.file, json.dumps(content))


def read(folder: Path, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, dict[str, Any]]]:
    """Yield the pieces that there are."""
    for piece in pieces:
        path = folder / piece.file
        if path.is_file():
            yield piece, json.loads(path.read_text("utf-8"))


def seconds_left(folder: Path, pieces: Sequence[Piece]) -> float:
    """Return how long what is missing will take at the pace of what was measured.

    A method without a piece yet counts as nothing: one review of each is measured first.
    """
    took: dict[str, list[float]] = {}
    for piece, content in read(folder, pieces):
        each = content["seconds"] / (piece.end - piece.first)
        took.setdefault(piece.method, []).append(each)
    paces = {method: sum(each) / len(each) for method, each in took.items()}
    return sum(
        (piece.end - piece.first) * paces.get(piece.method, 0.0)
        for piece in missing(folder, pieces)
    )
