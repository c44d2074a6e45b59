"""`--ray`: two nodes on this machine, one of which is lost midway; what cannot begin says so."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.corpus import load_corpus
from bulk.command import COMPLETE, NOT_BEGUN
from contract.answer import Prediction
from handler.predictor import Predictor
from tests.commands import run as run_command
from tests.commands import started
from tests.stack import ROOT
from tests.unit.bulk.conftest import Run, rows_of
from tests.unit.bulk.test_kill import parts_of

# A long form: BULK_CLUSTER_REVIEWS=20000 python -m pytest tests/unit/bulk/test_cluster.py
REVIEWS = int(os.environ.get("BULK_CLUSTER_REVIEWS", "300"))
PARTS = 20
CHECKPOINT = ROOT / "model_store" / "checkpoint"
SECONDS = 120.0

Process = subprocess.Popen[str]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """A Ray cluster of two nodes; its first line is its address."""
    for name, value in {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_raylet_start_wait_time_s": str(int(SECONDS)),
    }.items():
        monkeypatch.setenv(name, value)
    with python("-m", "tests.unit.bulk.two_nodes", stdin=subprocess.PIPE) as nodes:
        yield nodes
        nodes.communicate(timeout=SECONDS)


def python(*words: str, **options: Any) -> AbstractContextManager[Process]:
    return started([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, **options)


def wait_for_parts(target: Path, count: int, process: Process) -> None:
    until = time.monotonic() + 2 * SECONDS
    while len(parts_of(target)) < count:
        assert process.poll() is None, "it ended before a node could be lost"
        assert time.monotonic() < until, f"expected {count} parts by now"
        time.sleep(0.05)


@pytest.mark.timeout(600 + REVIEWS // 10)
def test_a_lost_node_loses_no_row_and_doubles_none(cluster: Process, tmp_path: Path) -> None:
    reviews = [review.text for review in load_corpus(None, REVIEWS).reviews[:REVIEWS]]
    source, target = tmp_path / "reviews.parquet", tmp_path / "target"
    pq.write_table(pa.table({"id": pa.array(range(REVIEWS)), "review": reviews}), source)
    assert cluster.stdout is not None
    assert cluster.stdin is not None
    address = cluster.stdout.readline().strip()
    with python(
        "-m", "bulk", str(source), str(target), "--checkpoint", str(CHECKPOINT),
        "--part-rows", str(REVIEWS // PARTS), "--ray", "--address", address,
    ) as command:  # fmt: skip
        wait_for_parts(target, PARTS // 5, command)
        print("lose one", file=cluster.stdin, flush=True)
        assert cluster.stdout.readline().startswith("lost")
        there = len(parts_of(target))
        said = command.communicate()[0]
    assert command.returncode == COMPLETE, said
    assert there < len(parts_of(target)) == PARTS
    rows = rows_of(target)
    assert [row["id"] for row in rows] == list(range(REVIEWS))
    require_same(rows, Predictor.load(CHECKPOINT).predict(reviews))


def test_ray_is_started_here_for_the_run_alone(tmp_path: Path) -> None:
    source, target = tmp_path / "reviews.csv", tmp_path / "target"
    source.write_text("review\nA joy from start to end.\nA waste of time.\n")
    words = ["--checkpoint", str(CHECKPOINT), "--format", "parquet", "--ray"]
    done = run_command(
        [sys.executable, "-m", "bulk", str(source), str(target), *words],
        cwd=ROOT,
        env=os.environ | {"HOME": str(tmp_path / "home"), "MPLCONFIGDIR": str(tmp_path / "plots")},
    )
    assert done.returncode == COMPLETE, done.stderr
    assert [row["label"] for row in rows_of(target)] == ["positive", "negative"]
    assert not (tmp_path / "home").exists()


def require_same(rows: list[dict[str, Any]], answers: list[Any]) -> None:
    """Hold every row to the predictor's answer in this process."""
    for row, answer in zip(rows, answers, strict=True):
        assert isinstance(answer, Prediction)
        found = {label: row[f"probability_{label}"] for label in answer.probabilities}
        assert found == pytest.approx(answer.probabilities, abs=2e-3)
        assert row["label"] == answer.label or answer.confidence < 0.502
        assert (row["truncated"], row["error"]) == (answer.truncated, None)


def test_a_cluster_that_is_not_there_is_one_clear_line(source: Path, tmp_path: Path) -> None:
    done = run_command(
        [
            sys.executable, "-m", "bulk", str(source), str(tmp_path / "target"),
            "--checkpoint", str(CHECKPOINT), "--ray", "--address", "127.0.0.1:1",
        ],
        cwd=ROOT,
    )  # fmt: skip
    lines = done.stderr.splitlines()
    assert done.returncode == NOT_BEGUN
    assert len(lines) == 1
    assert "127.0.0.1:1: expected HOST:PORT of a Ray cluster's head, found none there" in lines[0]
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ray", "--processes", "2"], "--processes: expected without --ray"),
        (["--actors", "2"], "expected --ray with them"),
        (["--ray"], "--ray: expected the package ray, found it not installed"),
    ],
)
def test_what_cannot_begin_is_one_clear_line(
    run: Run, source: Path, options: list[str], said: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_raylet_start_wait_time_s"):
        monkeypatch.setenv(name, "")  # what the command sets ends with this test
    assert run(source, None, *options) == NOT_BEGUN
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]
