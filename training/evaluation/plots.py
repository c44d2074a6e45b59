"""Draw an evaluation as PNG files; each is written beside its place, then renamed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handler.files import whole_file
from training.data.readers import DataError
from training.evaluation.metrics import CoveragePoint
from training.evaluation.report import Metrics

# Okabe and Ito's palette, told apart by colour-blind readers too.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#555555"
PALETTE = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9")
DPI = 144

Records = list[dict[str, Any]]


def draw_confusion(path: Path, measured: Metrics) -> None:
    """Confusion matrix: rows true, columns predicted; each cell has its count and row share."""
    labels = measured["confusion_matrix"]["labels"]
    counts = np.array(measured["confusion_matrix"]["counts"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(4.6, 1.1 * len(labels) + 2.2)
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, label="share of the true label's reviews", shrink=0.8)
    for (row, column), count in np.ndenumerate(counts):
        ink = "white" if shares[row, column] > 0.55 else "black"
        text = f"{count:,}\n{shares[row, column]:.1%}"
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=12)
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(labels)), labels, rotation=90 if len(labels) <= 3 else 0, va="center")
    axes.set(xlabel="predicted label", ylabel="true label")
    axes.set_title(f"Accuracy {measured['accuracy']:.2%} on {measured['n']:,} reviews")
    save_figure(figure, path)


def draw_reliability(path: Path, measured: Metrics) -> None:
    """Reliability diagram: accuracy against confidence, above the number of reviews per bin."""
    bins = measured["reliability"]
    figure = Figure(figsize=(5.6, 6.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    lefts = [each["low"] for each in bins]
    widths = [each["high"] - each["low"] for each in bins]
    accuracies = [each["accuracy"] for each in bins]
    upper.bar(
        lefts,
        accuracies,
        widths,
        align="edge",
        color=BLUE,
        edgecolor="white",
        label="accuracy in the bin",
    )
    upper.plot(
        [each["confidence"] for each in bins],
        accuracies,
        "o",
        color=ORANGE,
        markeredgecolor="white",
        label="at the bin's mean confidence",
    )
    upper.plot([0, 1], [0, 1], "--", color=GREY, label="perfect calibration")
    upper.set(
        ylabel="accuracy",
        ylim=(0, 1.02),
        title=f"ECE {measured['ece']:.2%} ({measured['n']:,} reviews)",
    )
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    lower.bar(
        lefts, [each["count"] for each in bins], widths, align="edge", color=GREY, edgecolor="white"
    )
    lower.set(xlabel="confidence (probability of the predicted label)", ylabel="reviews")
    width, labels = widths[0], len(measured["per_label"])
    lower.set_xlim(width * int(1 / labels / width), 1.0)  # no confidence is below 1 / labels
    clean_axes(upper, lower)
    save_figure(figure, path)


def draw_coverage(path: Path, curve: Sequence[CoveragePoint], measured: Metrics) -> None:
    """Accuracy on the most confident reviews, as the share of answered reviews grows."""
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.add_subplot()
    # The first few reviews alone are noise; drawing them would only stretch the axis.
    steady = [p for p in curve if p.coverage * measured["n"] >= min(50, measured["n"] // 10)]
    coverage = np.array([p.coverage for p in steady])
    accuracy = np.array([p.accuracy for p in steady])
    error = np.sqrt(accuracy * (1 - accuracy) / (coverage * measured["n"]))
    axes.fill_between(
        100 * coverage,
        100 * (accuracy - error),
        100 * np.minimum(accuracy + error, 1),
        color=BLUE,
        alpha=0.2,
        linewidth=0,
        label="± one standard error",
    )
    axes.plot(
        100 * coverage, 100 * accuracy, color=BLUE, linewidth=2, label="accuracy of the answered"
    )
    at, height = 100 * measured["coverage_at_threshold"], 100 * measured["accuracy_at_90_coverage"]
    axes.plot(at, height, "o", color=ORANGE, markersize=8)
    axes.annotate(
        f"{height:.2f} % at {at:.0f} % coverage\nconfidence ≥ "
        f"{measured['threshold_at_90_coverage']:.3f}",
        (at, height),
        (-10, -14),
        textcoords="offset points",
        ha="right",
        va="top",
        color=ORANGE,
    )
    axes.set(
        xlabel="coverage: most confident share of the reviews (%)",
        ylabel="accuracy (%)",
        xlim=(0, 101),
    )
    axes.set_title(
        f"Accuracy when the least confident are not answered ({measured['n']:,} reviews)",
        fontsize=11,
    )
    axes.legend(loc="lower left", frameon=False)
    clean_axes(axes)
    save_figure(figure, path)


def read_history(path: Path) -> Records:
    """Read a training run's JSON lines; raises DataError unless at least one line holds a loss."""
    history: Records = []
    lines = path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            history.append(json.loads(line))
        except ValueError as error:
            if number == len(lines):  # a run that was killed leaves half a line at its end
                break
            raise DataError(
                f"{path}, line {number}: expected one JSON object a line, found {error}."
            ) from error
    if not any(_losses(record) for record in history):
        raise DataError(f"{path}: expected numbers named like `loss` in its lines, found none.")
    return history


def draw_losses(path: Path, history: Records) -> None:
    """Loss curves by step, one panel per training stage, each kind of loss in its own colour."""
    stages = list(
        dict.fromkeys(str(record.get("stage", "training")) for record in history if _losses(record))
    )
    figure = Figure(figsize=(max(6.4, 4.2 * len(stages)), 4.2), layout="constrained")
    panels = figure.subplots(1, len(stages), squeeze=False)[0]
    for axes, stage in zip(panels, stages, strict=True):
        _draw_stage(axes, [r for r in history if str(r.get("stage", "training")) == stage])
        axes.set(title=stage, xlabel="optimizer step", ylabel="loss (nats)")
    clean_axes(*panels)
    save_figure(figure, path)


def _draw_stage(axes: Axes, records: Records) -> None:
    names = list(dict.fromkeys(name for record in records for name in _losses(record)))
    for index, name in enumerate(names):
        points = [
            (record.get("step", place), record[name])
            for place, record in enumerate(records, start=1)
            if name in _losses(record)
        ]
        marker = "o" if len(points) <= 40 else None
        axes.plot(
            *zip(*points, strict=True),
            color=PALETTE[index % len(PALETTE)],
            marker=marker,
            markersize=4,
            linewidth=1.6,
            label=name.replace("_", " "),
        )
    axes.legend(frameon=False)


def _losses(record: dict[str, Any]) -> list[str]:
    return [
        key for key, value in record.items() if "loss" in key and isinstance(value, int | float)
    ]


def clean_axes(*panels: Axes) -> None:
    """Leave of the frame what is needed to read the values."""
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
        axes.set_axisbelow(True)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure whole, as PNG."""
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=DPI)
