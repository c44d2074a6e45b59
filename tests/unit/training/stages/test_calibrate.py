"""The command stores a temperature without touching anything else."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from handler.checkpoint import Settings, read_settings
from tests.unit.training.table_scorer import TableScorer
from training.evaluation.metrics import Floats, Integers
from training.stages import calibrate

SETTINGS = Settings(labels=("negative", "positive"), encoder={"vocab_size": 300}, temperature=2.0)


def drawn_from(logits: Floats, seed: int = 0) -> Integers:
    """Labels drawn with exactly the probabilities that the logits claim."""
    rng = np.random.default_rng(seed)
    cumulative = softmax(logits, axis=1).cumsum(axis=1)
    return np.asarray((rng.random((len(logits), 1)) > cumulative).sum(axis=1))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text(json.dumps(SETTINGS.as_config()))
    return tmp_path


def options_for(checkpoint: Path, data: Path, *more: str) -> list[str]:
    return ["--checkpoint", str(checkpoint), "--data", str(data), *more]


def test_storing_changes_temperature_and_threshold_and_nothing_else(checkpoint: Path) -> None:
    calibrate.store(checkpoint, 1.25, 0.75)
    before, after = SETTINGS.as_config(), json.loads((checkpoint / "config.json").read_text())
    assert read_settings(checkpoint).temperature == 1.25
    assert read_settings(checkpoint).certain_threshold == 0.75
    assert {**after, "temperature": 2.0, "certain_threshold": 0.0} == json.loads(json.dumps(before))
    names = {path.name for path in checkpoint.iterdir()}
    assert names == {"config.json", "SHA256SUMS"}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A model whose logits are right but whose stored temperature of 2 makes it too shy."""
    honest = np.random.default_rng(2).normal(0, 2, (20_000, 2))
    truth = drawn_from(honest)
    shown = softmax(honest / SETTINGS.temperature, axis=1)
    data = tmp_path / "validation.csv"
    rows = "".join(f"text {n},{SETTINGS.labels[label]}\n" for n, label in enumerate(truth))
    data.write_text("review,label\n" + rows)
    scorer = TableScorer({f"text {n}": shown[n] for n in range(len(shown))})
    monkeypatch.setattr(calibrate, "load_scorer", lambda directory, engine: scorer)
    return data


def test_command_replaces_the_old_temperature_by_the_right_one(
    checkpoint: Path, served: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calibrate.main(options_for(checkpoint, served))
    assert read_settings(checkpoint).temperature == pytest.approx(1.0, rel=0.08)
    out = capsys.readouterr().out
    assert "2,000 validation reviews, engine table" in out
    assert "cross-fitted" in out


def test_temperature_at_the_end_of_its_range_is_pointed_out(
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scorer = TableScorer(lambda text: (0.0001, 0.9999))
    monkeypatch.setattr(calibrate, "load_scorer", lambda directory, engine: scorer)
    data = tmp_path / "guessed.csv"
    rows = "".join(f"text {n},{SETTINGS.labels[n % 2]}\n" for n in range(400))
    data.write_text("review,label\n" + rows)
    calibrate.main(options_for(checkpoint, data))
    assert "warning: the temperature is at the end of its range" in capsys.readouterr().out


def test_dry_run_leaves_the_checkpoint_alone(checkpoint: Path, served: Path) -> None:
    calibrate.main(options_for(checkpoint, served, "--dry-run"))
    assert read_settings(checkpoint) == SETTINGS


def test_command_ends_with_one_line_when_the_data_does_not_fit(
    checkpoint: Path, served: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        calibrate.main(options_for(checkpoint, served, "--label-column", "verdict"))
    assert "expected a column named 'verdict'" in capsys.readouterr().err
    assert read_settings(checkpoint) == SETTINGS
