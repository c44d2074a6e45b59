"""Temperature: found where it is known, stored without touching anything else."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from handler.checkpoint import Settings, read_settings
from tests.unit.table_scorer import TableScorer
from training import calibrate
from training.data import DataError
from training.metrics import Floats, Integers

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


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("labels", [2, 5])
def test_temperature_undoes_a_known_scale(scale: float, labels: Any) -> None:
    honest = np.random.default_rng(1).normal(0, 2, (20_000, labels))
    truth = drawn_from(honest)
    assert calibrate.fit_temperature(honest * scale, truth) == pytest.approx(scale, rel=0.05)


def test_closed_form_of_one_repeated_logit() -> None:
    # p = σ(z/T) must equal the share of right answers, 3 of 4, so T = z / ln 3.
    logits = np.tile([0.0, 2.0], (4, 1))
    assert calibrate.fit_temperature(logits, np.array([1, 1, 1, 0])) == pytest.approx(
        2 / np.log(3), rel=1e-4
    )


def test_temperature_stays_within_its_bounds_when_every_answer_is_right() -> None:
    logits = np.array([[2.0, 0.0], [0.0, 2.0]])
    assert calibrate.LOWEST <= calibrate.fit_temperature(logits, np.array([0, 1])) < 0.06


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        ([[0.0, np.nan]] * 2, [0, 1], "finite logits"),
        ([[0.0, 1.0]] * 2, [1, 1], "at least two labels"),
        ([[0.0, 1.0]] * 2, [1, 0, 1], r"found \(2, 2\) and \(3,\)"),
    ],
)
def test_unfit_logits_are_named(logits: list[list[float]], labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        calibrate.fit_temperature(np.array(logits), np.array(labels))


def test_calibration_lowers_ece_and_log_loss_of_an_overconfident_model() -> None:
    honest = np.random.default_rng(1).normal(0, 1, (20_000, 2))
    truth = drawn_from(honest)
    before = calibrate.measure(honest * 4, truth, 1.0)
    after = calibrate.measure(honest * 4, truth, calibrate.fit_temperature(honest * 4, truth))
    unseen = calibrate.measure(honest * 4, truth, calibrate.cross_fit(honest * 4, truth))
    assert before.ece > 0.1 > 0.02 > after.ece
    assert before.log_loss > unseen.log_loss >= after.log_loss


def test_cross_fitting_gives_each_half_the_temperature_of_the_other() -> None:
    honest = np.random.default_rng(1).normal(0, 2, (1_000, 2))
    temperatures = calibrate.cross_fit(honest, drawn_from(honest))
    assert temperatures.shape == (1_000, 1)
    assert np.unique(temperatures, return_counts=True)[1] == pytest.approx([500, 500], abs=1)


def test_storing_changes_the_temperature_and_nothing_else(checkpoint: Path) -> None:
    calibrate.store_temperature(checkpoint, 1.25)
    before, after = SETTINGS.as_config(), json.loads((checkpoint / "config.json").read_text())
    assert read_settings(checkpoint).temperature == 1.25
    assert {**after, "temperature": 2.0} == json.loads(json.dumps(before))
    assert [path.name for path in checkpoint.iterdir()] == ["config.json"]


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
    assert calibrate.main(options_for(checkpoint, served)) == 0
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
    assert calibrate.main(options_for(checkpoint, data)) == 0
    assert "warning: the temperature is at the end of its range" in capsys.readouterr().out


def test_dry_run_leaves_the_checkpoint_alone(checkpoint: Path, served: Path) -> None:
    assert calibrate.main(options_for(checkpoint, served, "--dry-run")) == 0
    assert read_settings(checkpoint) == SETTINGS


def test_command_ends_with_one_line_when_the_data_does_not_fit(
    checkpoint: Path, served: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate.main(options_for(checkpoint, served, "--label-column", "verdict")) == 2
    assert "expected a column named 'verdict'" in capsys.readouterr().err
    assert read_settings(checkpoint) == SETTINGS
