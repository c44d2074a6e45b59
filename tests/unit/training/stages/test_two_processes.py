"""`accelerate launch` with two processes learns what one process learns from the same batches."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import Tensor

from handler.weights import load_network
from tests.commands import output_of
from tests.unit.training.bert import save_bert
from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training.stages import distill, teach
from training.teachers.label_store import read_soft_labels

ROOT = Path(__file__).parents[4]
LAUNCH = (
    "-m accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1 "
    "--mixed_precision no --dynamo_backend no --main_process_port 0 -m"
)
STEPS = [
    "--steps",
    "4",
    "--validate-every",
    "2",
    "--batch-tokens",
    "256",
    "--learning-rate",
    "0.003",
]

pytestmark = pytest.mark.usefixtures("full_precision")


@pytest.fixture
def full_precision(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two processes add up in another order than one: in bf16 that would show."""
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = make_rows({"negative": 60, "positive": 60}, WORDS)
    return write_table(tmp_path / "reviews.csv", rows)


def as_one_and_as_two(
    tmp_path: Path, data: Path, name: str, main: Callable[[list[str]], None], words: list[str]
) -> tuple[Path, Path]:
    """Run a command as two processes, then as one with twice the batches; returns both folders."""

    def options(folder: str) -> list[str]:
        folders = ["--output", str(tmp_path / folder), "--cache", str(tmp_path / f"cache-{folder}")]
        return ["--data", str(data), *folders, *STEPS, *words]

    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *LAUNCH.split(), f"training.{name}", *options("two")]
    output_of(command, 400, cwd=ROOT, env=environment)
    main([*options("one"), "--accumulate", "2"])
    return tmp_path / "one", tmp_path / "two"


def saved(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(folder / "state.pt", weights_only=True)
    return found


def require_same(one: Path, two: Path) -> None:
    """Hold the averaged weights of one run to those of the other."""
    expected: dict[str, Tensor] = saved(one)["average"]
    found: dict[str, Tensor] = saved(two)["average"]
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], atol=2e-4, rtol=1e-3)


def test_distillation(tmp_path: Path, data: Path, make_checkpoint: Callable[..., Path]) -> None:
    # Dropout draws other numbers in each process.
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    student = make_checkpoint(labels=("negative", "positive"), dropout=0.0, encoder=still)
    words = ["--init", str(student)]
    one, two = as_one_and_as_two(tmp_path, data, "distill", distill.main, words)
    require_same(one / "distill", two / "distill")
    assert load_network(two / "student")[1] == load_network(one / "student")[1]


def test_teaching(tmp_path: Path, data: Path) -> None:
    words = ["--teacher", str(save_bert(tmp_path / "bert")), "--max-length", "32"]
    one, two = as_one_and_as_two(tmp_path, data, "teach", teach.main, words)
    require_same(one / "teach", two / "teach")
    labels = ("negative", "positive")
    texts = [line.rpartition(",")[0] for line in data.read_text().splitlines()[1:]]
    answers = [read_soft_labels(each / "soft_labels.npz", texts, labels) for each in (one, two)]
    assert answers[0] == pytest.approx(answers[1], abs=0.02)
