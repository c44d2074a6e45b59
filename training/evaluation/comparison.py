"""Compare evaluations of the same reviews: quality side by side, and McNemar's test of pairs."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from training.data.readers import DataError
from training.evaluation.metrics import Booleans, Floats
from training.evaluation.report import Metrics, markdown_table

METRICS_FILE = "metrics.json"
PREDICTIONS_FILE = "predictions.csv"
PREDICTION_COLUMNS = ("id", "label", "prediction", "probability", "label_probability")


@dataclass(frozen=True)
class Run:
    """One evaluation as read from its folder; arrays are (reviews,), in order of the review ids."""

    name: str
    metrics: Metrics
    truth: dict[str, str]
    predictions: tuple[str, ...]
    label_probability: Floats

    @property
    def correct(self) -> Booleans:
        """Whether each prediction is the true label."""
        return np.array(
            [p == t for p, t in zip(self.predictions, self.truth.values(), strict=True)]
        )


@dataclass(frozen=True)
class McNemar:
    """How often only one of two runs is right, and how likely so uneven a split is by chance."""

    only_first: int
    only_second: int
    p_value: float


@dataclass(frozen=True)
class Comparison:
    """A run held against a base run on the same reviews; shares are 0 to 1."""

    base: str
    run: str
    accuracy_gain: float
    flips: float
    mean_probability_change: float
    only_base_right: int
    only_run_right: int
    p_value: float


def mcnemar(first: Booleans, second: Booleans) -> McNemar:
    """McNemar's (1947) test, two-sided; the exact binomial at every size, no approximation."""
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    discordant = only_first + only_second
    p_value = binomtest(only_first, discordant, 0.5).pvalue if discordant else 1.0
    return McNemar(only_first, only_second, float(p_value))


def read_run(directory: Path) -> Run:
    """Read the metrics.json and predictions.csv of an evaluation; raises DataError."""
    try:
        measured = json.loads((directory / METRICS_FILE).read_text("utf-8"))
        with (directory / PREDICTIONS_FILE).open(encoding="utf-8", newline="") as file:
            rows = sorted(csv.DictReader(file), key=lambda row: row["id"])
        truth = {row["id"]: row["label"] for row in rows}
        predictions = tuple(row["prediction"] for row in rows)
        probability = np.array([float(row["label_probability"]) for row in rows])
    except FileNotFoundError as error:
        raise DataError(
            f"{directory}: expected {METRICS_FILE} and {PREDICTIONS_FILE}, found no "
            f"{error.filename}; name the --output folder of an evaluation."
        ) from error
    except (KeyError, ValueError) as error:
        raise DataError(
            f"{directory}: expected files of training.evaluate, found unfit ones ({error!r})."
        ) from error
    # Every run's evaluation may lie in a folder `test` of its own: that name alone tells nothing.
    name = "/".join(directory.resolve().parts[-2:])
    return Run(name, measured, truth, predictions, probability)


def compare(base: Run, run: Run) -> Comparison:
    """Hold a run against the base; raises DataError unless both saw the same reviews and labels."""
    if base.truth != run.truth:
        shared = len(base.truth.keys() & run.truth.keys())
        raise DataError(
            f"expected two runs on the same labelled reviews, found {len(base.truth)} in "
            f"{base.name!r}, {len(run.truth)} in {run.name!r} and {shared} ids in both; evaluate "
            "both on the same data."
        )
    test = mcnemar(base.correct, run.correct)
    flipped = [a != b for a, b in zip(base.predictions, run.predictions, strict=True)]
    change = np.abs(base.label_probability - run.label_probability)
    return Comparison(
        base=base.name,
        run=run.name,
        accuracy_gain=float(run.correct.mean() - base.correct.mean()),
        flips=float(np.mean(flipped)),
        mean_probability_change=float(change.mean()),
        only_base_right=test.only_first,
        only_run_right=test.only_second,
        p_value=test.p_value,
    )


def compare_all(runs: Sequence[Run]) -> list[Comparison]:
    """Compare every later run with the first."""
    return [compare(runs[0], run) for run in runs[1:]]


def quality_table(runs: Sequence[Run]) -> str:
    """One row of headline figures per run."""
    header = (
        "run",
        "reviews",
        "accuracy",
        "ECE",
        "log-loss",
        "at 90 % coverage",
        "reviews/s",
        "engine",
    )
    rows = [
        (
            run.name,
            f"{run.metrics['n']:,}",
            f"{run.metrics['accuracy']:.2%} ± {run.metrics['standard_error']:.2%}",
            f"{run.metrics['ece']:.2%}",
            f"{run.metrics['log_loss']:.4f}",
            f"{run.metrics['accuracy_at_90_coverage']:.2%}",
            f"{run.metrics['reviews_per_second']:.0f}",
            run.metrics["engine"],
        )
        for run in runs
    ]
    return markdown_table(header, rows)


def comparison_table(comparisons: Sequence[Comparison]) -> str:
    """One row per pair of runs, with McNemar's p: below 0.05 the gap is unlikely to be chance."""
    header = (
        "run",
        "against",
        "points",
        "flips",
        "mean change in p",
        "only this right",
        "only that right",
        "McNemar p",
    )
    rows = [
        (
            each.run,
            each.base,
            f"{100 * each.accuracy_gain:+.2f}",
            f"{each.flips:.2%}",
            f"{each.mean_probability_change:.4f}",
            f"{each.only_run_right:,}",
            f"{each.only_base_right:,}",
            f"{each.p_value:.2g}",
        )
        for each in comparisons
    ]
    return markdown_table(header, rows)


def render(runs: Sequence[Run], comparisons: Sequence[Comparison]) -> str:
    """Both tables as text."""
    return quality_table(runs) + "\n\n" + comparison_table(comparisons)


def as_json(comparisons: Sequence[Comparison]) -> str:
    """The comparisons as the content of comparison.json."""
    return json.dumps([asdict(each) for each in comparisons], indent=1) + "\n"
