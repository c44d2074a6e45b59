"""Turn a checkpoint's answers into the content of metrics.json, and that into text to read."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from training.evaluation import metrics
from training.evaluation.scoring import Scores

Metrics = dict[str, Any]


def summarise(scores: Scores) -> Metrics:
    """Return every measure of one evaluation as plain JSON values; shares are 0 to 1."""
    confusion = metrics.confusion_matrix(scores.truth, scores.predicted, len(scores.labels))
    share = metrics.accuracy(scores.truth, scores.predicted)
    at_90 = metrics.accuracy_at_coverage(scores.confidence, scores.correct, 0.9)
    per_label = dict(zip(scores.labels, metrics.label_scores(confusion), strict=True))
    return {
        "n": len(scores.ids),
        "accuracy": share,
        "standard_error": metrics.standard_error(share, len(scores.ids)),
        "macro_f1": float(np.mean([score.f1 for score in per_label.values()])),
        "ece": metrics.expected_calibration_error(scores.confidence, scores.correct),
        "log_loss": metrics.log_loss(scores.probabilities, scores.truth),
        "brier": metrics.brier_score(scores.probabilities, scores.truth),
        "accuracy_at_90_coverage": at_90.accuracy,
        "threshold_at_90_coverage": at_90.threshold,
        "coverage_at_threshold": at_90.coverage,
        "per_label": {label: asdict(score) for label, score in per_label.items()},
        "confusion_matrix": {
            "rows": "true label",
            "columns": "predicted label",
            "labels": list(scores.labels),
            "counts": confusion.tolist(),
        },
        "reliability": [
            asdict(each) for each in metrics.reliability(scores.confidence, scores.correct)
        ],
        "accuracy_by_words": [
            asdict(each) for each in metrics.accuracy_by_length(scores.words, scores.correct)
        ],
        "truncated": _truncated(scores),
        "unscored": scores.unscored,
        "seconds": scores.seconds,
        "reviews_per_second": len(scores.ids) / scores.seconds,
        "engine": scores.engine,
    }


def _truncated(scores: Scores) -> Metrics:
    cut = scores.correct[scores.truncated]
    return {
        "n": len(cut),
        "share": len(cut) / len(scores.ids),
        "accuracy": float(cut.mean()) if len(cut) else None,
    }


def render(measured: Metrics) -> str:
    """Lay out the measures of one evaluation for a terminal."""
    parts = [classification_report(measured), headline(measured), length_table(measured)]
    if measured["unscored"]:
        left_out = ", ".join(f"{code}: {n}" for code, n in measured["unscored"].items())
        parts.append(f"left out, because they cannot be scored: {left_out}")
    return "\n\n".join(parts)


def classification_report(measured: Metrics) -> str:
    """Precision, recall and F1 per label with four digits, then accuracy and the macro average."""
    scores = measured["per_label"]
    width = max(len("macro average"), *(len(label) for label in scores))
    lines = [f"{'':{width}}  precision     recall         f1    reviews"]
    for label, score in scores.items():
        lines.append(_report_line(label, width, score, score["support"]))
    lines.append("")
    lines.append(f"{'accuracy':{width}}{'':>22}  {measured['accuracy']:>9.4f}  {measured['n']:>9}")
    mean = {
        name: float(np.mean([score[name] for score in scores.values()]))
        for name in ("precision", "recall", "f1")
    }
    lines.append(_report_line("macro average", width, mean, measured["n"]))
    return "\n".join(lines)


def _report_line(name: str, width: int, score: Metrics, count: int) -> str:
    figures = "".join(f"  {score[key]:>9.4f}" for key in ("precision", "recall", "f1"))
    return f"{name:{width}}{figures}  {count:>9}"


def headline(measured: Metrics) -> str:
    """The figures that bars are set on, one a line, with their meaning."""
    rows = [
        (
            "accuracy",
            f"{measured['accuracy']:.2%} ± {measured['standard_error']:.2%}",
            "one standard error",
        ),
        ("ECE", f"{measured['ece']:.2%}", f"{metrics.ECE_BINS} equal-width bins"),
        ("log-loss", f"{measured['log_loss']:.4f}", "nats per review"),
        ("Brier score", f"{measured['brier']:.4f}", "0 best, 2 worst"),
        (
            "accuracy at 90 % coverage",
            f"{measured['accuracy_at_90_coverage']:.2%}",
            f"answer where confidence ≥ {measured['threshold_at_90_coverage']:.4f}",
        ),
        ("truncated", f"{measured['truncated']['share']:.2%}", "of the reviews were cut"),
        ("speed", f"{measured['reviews_per_second']:.1f}", f"reviews/s, {measured['engine']}"),
    ]
    return markdown_table(("measure", "value", "meaning"), rows)


def length_table(measured: Metrics) -> str:
    """Accuracy by number of words."""
    rows = [
        (
            words_range(bucket),
            f"{bucket['count']:,}",
            f"{bucket['accuracy']:.2%} ± {bucket['standard_error']:.2%}",
        )
        for bucket in measured["accuracy_by_words"]
    ]
    return markdown_table(("words", "reviews", "accuracy"), rows)


def words_range(bucket: Metrics) -> str:
    """Name a length bucket, such as 65–128 or over 512."""
    if bucket["high"] is None:
        return f"over {bucket['low'] - 1}"
    return f"{bucket['low']}–{bucket['high']}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a Markdown table whose columns also line up in a terminal."""
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
