"""Fit one temperature on validation reviews and store it, so that confidence means accuracy.

    python -m training.calibrate --checkpoint run/train/checkpoint --data aclImdb_v1.tar.gz

Temperature scaling (Guo et al. 2017, section 4.2) divides the logits by one number: no prediction
changes.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from handler.checkpoint import CONFIG_FILE, read_settings
from handler.engines import EngineError
from handler.errors import CheckpointError
from handler.weights import write_text
from training import metrics
from training.data import DataError, Review
from training.metrics import Floats, Integers
from training.options import add_split_seed
from training.report import markdown_table
from training.scoring import Scores, check_evaluable, load_scorer, score_reviews
from training.splits import load_splits

LOWEST, HIGHEST = 0.05, 20.0
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


def store_temperature(directory: Path, temperature: float) -> None:
    """Write the temperature into the checkpoint's config.json: whole, then renamed."""
    settings = dataclasses.replace(read_settings(directory), temperature=temperature)
    write_text(directory / CONFIG_FILE, json.dumps(settings.as_config(), indent=1) + "\n")


def validation_reviews(options: argparse.Namespace) -> list[Review]:
    """The reviews that training kept for validation, cut from the same data in the same way."""
    return load_splits(
        options.data,
        options.text_column,
        options.label_column,
        options.protocol,
        seed=options.split_seed,
    ).validation


def calibrate(options: argparse.Namespace) -> None:
    """Fit on the engine that serves, print before and after, store unless it is a dry run."""
    settings = read_settings(options.checkpoint)
    reviews = validation_reviews(options)
    check_evaluable(reviews, settings.labels)
    scores = score_reviews(load_scorer(options.checkpoint, options.engine), reviews)
    logits = logits_from(scores, settings.temperature)
    temperature = fit_temperature(logits, scores.truth)
    rows = (
        ("before", settings.temperature, measure(logits, scores.truth, settings.temperature)),
        (
            "after, on the reviews fitted on",
            temperature,
            measure(logits, scores.truth, temperature),
        ),
        (
            "after, cross-fitted on halves",
            temperature,
            measure(logits, scores.truth, cross_fit(logits, scores.truth)),
        ),
    )
    print(f"{len(scores.ids):,} validation reviews, engine {scores.engine}\n")
    print(_table(rows))
    if not LOWEST * 1.2 < temperature < HIGHEST / 1.2:
        print(
            f"warning: the temperature is at the end of its range, {LOWEST} to {HIGHEST}: the model"
        )
        print("knows hardly more than chance, or the reviews are too few to contain a mistake.")
    if not options.dry_run:
        store_temperature(options.checkpoint, temperature)


def _table(rows: Sequence[tuple[str, float, Calibration]]) -> str:
    return markdown_table(
        ("calibration", "temperature", "ECE", "log-loss"),
        [(name, f"{t:.4f}", f"{each.ece:.2%}", f"{each.log_loss:.4f}") for name, t, each in rows],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Calibrate; 2 with one clear line on stderr if data or checkpoint do not fit."""
    parser = argparse.ArgumentParser(
        prog="python -m training.calibrate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--checkpoint",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of the checkpoint; its config is changed",
    )
    add(
        "--data",
        type=Path,
        required=True,
        metavar="PATH",
        help="what the checkpoint was trained on: the IMDb archive or a CSV/TSV",
    )
    add(
        "--protocol",
        choices=("official", "seed"),
        default="official",
        help="how training split the data (default: official)",
    )
    add_split_seed(parser)
    add(
        "--text-column",
        metavar="C",
        default="review",
        help="column of a CSV/TSV with the texts (default: review)",
    )
    add(
        "--label-column",
        metavar="C",
        default="label",
        help="column of a CSV/TSV with the labels (default: label)",
    )
    add(
        "--engine",
        default="auto",
        metavar="NAME",
        help="engine to calibrate (default: auto, as when serving)",
    )
    add("--dry-run", action="store_true", help="print the figures, leave the checkpoint as it is")
    try:
        calibrate(parser.parse_args(arguments))
    except (DataError, CheckpointError, EngineError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
