"""`make train SMOKE=1` on a small table: every step once, from no weights at all to an archive."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForSequenceClassification

from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training import run
from training.loop.records import read_record
from training.plans.named import steps_of
from training.plans.plan import RunOptions


def no_network(*_: Any) -> None:
    raise AssertionError("expected no connection")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of two labels, on a machine without a network."""
    monkeypatch.setattr(socket.socket, "connect", no_network)
    rows = make_rows({"negative": 40, "positive": 40}, WORDS)
    return write_table(tmp_path / "table.csv", rows)


def test_smoke_ends_with_card_and_archive(table: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = ["--smoke", "--data", str(table), "--output", str(folder)]
    run.main([*words, "--cache", str(tmp_path / "cache")])
    stages = read_record(folder)["stages"]
    assert [stage["name"] for stage in stages] == ["encoder", "teach", "fine-tune", "fine-tune"]
    assert "--soft-labels" in stages[2]["command"]
    assert json.loads((folder / "test" / "metrics.json").read_text())["n"] == 8
    assert "| teach" in (folder / "checkpoint" / "README.md").read_text()
    assert (folder / "sentiment.mar").stat().st_size > 100_000
    model = AutoModelForSequenceClassification.from_pretrained(folder / "checkpoint")
    assert type(model).__name__ == "RobertaForSequenceClassification"


def test_answers_of_a_teacher_take_its_place(tmp_path: Path) -> None:
    def names(**more: Any) -> list[str]:
        options = RunOptions(plan="distilled", output=tmp_path, **more)
        return [step.name for step in steps_of(options)]

    assert names() == ["teacher", "distilled", "tuned"]
    assert names(soft_labels=Path("labels.npz")) == ["distilled", "tuned"]
