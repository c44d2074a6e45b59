"""The command with a tiny checkpoint, and reviews to give it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bulk.command import main

Run = Callable[..., int]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Fifty different reviews as Parquet, with a number each."""
    path = tmp_path / "reviews.parquet"
    texts = [f"{chr(65 + index) * (1 + index % 11)} {index % 7}" for index in range(50)]
    pq.write_table(pa.table({"id": pa.array(range(50)), "review": texts}), path)
    return path


@pytest.fixture
def run(tiny_checkpoint: Path, tmp_path: Path) -> Run:
    """Run the command into a target below tmp_path; returns the exit code."""

    def score(source: Path | str, target: Path | str | None = None, *options: str) -> int:
        words: Sequence[str] = [
            str(source), str(target or tmp_path / "target"),
            "--checkpoint", str(tiny_checkpoint), "--cache", str(tmp_path / "cache"),
            "--engine", "torch-fp32", "--part-rows", "8", *options,
        ]  # fmt: skip
        return main([*words])

    return score


def rows_of(target: Path) -> list[dict[str, Any]]:
    """Return all rows of a target of Parquet parts, in order."""
    parts = [pq.read_table(path) for path in sorted(target.glob("part-*.parquet"))]
    return [row for part in parts for row in part.to_pylist()]
