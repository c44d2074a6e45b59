"""Fit the one number by which a classifier's logits are divided, so that confidence is accuracy.

Temperature scaling (Guo et al. 2017, section 4.2): no prediction changes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from training.data.readers import DataError
from training.evaluation import metrics
from training.evaluation.metrics import Floats, Integers
from training.evaluation.scoring import Scores

LOWEST, HIGHEST = 0.05, 20.0
# Share of the validation reviews whose verdicts are called certain.
COVERAGE: Final = 0.9
FOLDS: Final = 2
FOLD_SEED: Final = 0


@dataclass(frozen=True)
class Calibration:
    """ECE and log-loss of the same reviews at one state of the temperature."""

    ece: float
    log_loss: float


def fit_temperature(logits: NDArray[np.floating], labels: Integers) -> float:
    """Return the temperature in [0.05, 20] that minimises the NLL of logits (n, labels).

    `labels` (n,) are indices. Raises DataError for logits that are not finite, for shapes that
    differ, or for one label only.
    """
    _check_logits(logits, labels)
    exact = logits.astype(np.float64)
    bounds = (np.log(LOWEST), np.log(HIGHEST))
    best = minimize_scalar(
        lambda t: log_loss_at(exact, labels, np.exp(t)), bounds=bounds, method="bounded"
    )
    return float(np.exp(best.x))


def certain_threshold(logits: NDArray[np.floating], coverage: float) -> float:
    """Return the confidence that a share of `coverage` of calibrated logits (n, labels) reaches."""
    confidence = softmax(logits.astype(np.float64), axis=1).max(axis=1)
    return float(np.quantile(confidence, 1 - coverage))


def _check_logits(logits: NDArray[np.floating], labels: Integers) -> None:
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise DataError(
            f"expected logits (n, labels) and labels (n,), found {logits.shape} and {labels.shape}."
        )
    if not np.isfinite(logits).all():
        raise DataError("expected finite logits to calibrate on, found NaN or infinity.")
    if len(np.unique(labels)) < 2:
        raise DataError("expected validation reviews of at least two labels, found one label only.")


def log_loss_at(logits: NDArray[np.floating], labels: Integers, temperature: float) -> float:
    """Return the log-loss (nats) of logits (n, labels) divided by a temperature."""
    chosen = log_softmax(logits / temperature, axis=1)[np.arange(len(labels)), labels]
    return float(-chosen.mean())


def measure(logits: Floats, labels: Integers, temperature: Floats | float) -> Calibration:
    """ECE and log-loss of logits (n, labels) at one temperature, or one per review (n, 1)."""
    probabilities = softmax(logits / temperature, axis=1)
    correct = probabilities.argmax(axis=1) == labels
    ece = metrics.expected_calibration_error(probabilities.max(axis=1), correct)
    return Calibration(ece, metrics.log_loss(probabilities, labels))


def cross_fit(logits: Floats, labels: Integers) -> Floats:
    """One temperature per review (n, 1), fitted on the other half: honest for unseen reviews."""
    fold = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = np.random.default_rng(FOLD_SEED).permutation(np.flatnonzero(labels == label))
        fold[members] = np.arange(len(members)) % FOLDS
    temperatures = [
        fit_temperature(logits[fold != each], labels[fold != each]) for each in range(FOLDS)
    ]
    return np.array(temperatures)[fold][:, None]


def logits_from(scores: Scores, temperature: float) -> Floats:
    """Undo softmax and temperature: logits up to a constant per review, which softmax ignores."""
    tiny = np.finfo(np.float32).tiny
    return np.log(np.maximum(scores.probabilities, tiny)) * temperature
