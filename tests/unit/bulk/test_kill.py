"""kill -9 at any moment: nothing is lost, nothing is there twice, nothing is half written."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.commands import output_of, started
from tests.stack import ROOT
from tests.unit.bulk.conftest import rows_of

# A long form: BULK_KILLS=20 python -m pytest tests/unit/bulk/test_kill.py
KILLS = int(os.environ.get("BULK_KILLS", "2"))
# Two rows a part: far more than are written in the moment before a kill.
ROWS = 400 * KILLS


def command(source: Path, target: Path, checkpoint: Path) -> list[str]:
    return [
        sys.executable, "-m", "bulk", str(source), str(target), "--checkpoint", str(checkpoint),
        "--engine", "torch-fp32", "--part-rows", "2",
    ]  # fmt: skip


def parts_of(target: Path) -> list[Path]:
    return sorted(target.glob("part-*.parquet"))


def kill_in_the_middle(words: list[str], target: Path, moment: random.Random) -> bool:
    """Start the command and kill it at a random moment after its next part; False if it ended."""
    before = len(parts_of(target))
    with started(words, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        while len(parts_of(target)) == before and process.poll() is None:
            time.sleep(0.002)
        time.sleep(moment.uniform(0, 0.05))
    return process.returncode == -signal.SIGKILL


def test_killed_at_random_moments(tiny_checkpoint: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "reviews.parquet", tmp_path / "target"
    texts = [f"Review {number}" for number in range(ROWS)]
    pq.write_table(pa.table({"id": pa.array(range(ROWS)), "review": texts}), source)
    words = command(source, target, tiny_checkpoint)
    moment = random.Random(0)
    for kill in range(KILLS):
        assert kill_in_the_middle(words, target, moment), f"it ended before kill {kill + 1}"
    output_of(words, cwd=ROOT)
    assert [row["id"] for row in rows_of(target)] == list(range(ROWS))
    assert len(parts_of(target)) == ROWS // 2
