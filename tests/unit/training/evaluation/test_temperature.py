"""Temperature: found where it is known, refused where it cannot be."""

from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from training.data.readers import DataError
from training.evaluation.metrics import Floats, Integers
from training.evaluation.temperature import LOWEST, cross_fit, fit_temperature, measure


def drawn_from(logits: Floats, seed: int = 0) -> Integers:
    """Labels drawn with exactly the probabilities that the logits claim."""
    rng = np.random.default_rng(seed)
    cumulative = softmax(logits, axis=1).cumsum(axis=1)
    return np.asarray((rng.random((len(logits), 1)) > cumulative).sum(axis=1))


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("labels", [2, 5])
def test_temperature_undoes_a_known_scale(scale: float, labels: Any) -> None:
    honest = np.random.default_rng(1).normal(0, 2, (20_000, labels))
    truth = drawn_from(honest)
    assert fit_temperature(honest * scale, truth) == pytest.approx(scale, rel=0.05)


def test_closed_form_of_one_repeated_logit() -> None:
    # p = σ(z/T) must equal the share of right answers, 3 of 4, so T = z / ln 3.
    logits = np.tile([0.0, 2.0], (4, 1))
    assert fit_temperature(logits, np.array([1, 1, 1, 0])) == pytest.approx(2 / np.log(3), rel=1e-4)


def test_temperature_stays_within_its_bounds_when_every_answer_is_right() -> None:
    logits = np.array([[2.0, 0.0], [0.0, 2.0]])
    assert LOWEST <= fit_temperature(logits, np.array([0, 1])) < 0.06


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
        fit_temperature(np.array(logits), np.array(labels))


def test_calibration_lowers_ece_and_log_loss_of_an_overconfident_model() -> None:
    honest = np.random.default_rng(1).normal(0, 1, (20_000, 2))
    truth = drawn_from(honest)
    before = measure(honest * 4, truth, 1.0)
    after = measure(honest * 4, truth, fit_temperature(honest * 4, truth))
    unseen = measure(honest * 4, truth, cross_fit(honest * 4, truth))
    assert before.ece > 0.1 > 0.02 > after.ece
    assert before.log_loss > unseen.log_loss >= after.log_loss


def test_cross_fitting_gives_each_half_the_temperature_of_the_other() -> None:
    honest = np.random.default_rng(1).normal(0, 2, (1_000, 2))
    temperatures = cross_fit(honest, drawn_from(honest))
    assert temperatures.shape == (1_000, 1)
    assert np.unique(temperatures, return_counts=True)[1] == pytest.approx([500, 500], abs=1)
