"""The files of an evaluation: figures, predictions, plots, behaviour and comparison."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handler.files import write_text
from training.data.readers import DataError
from training.evaluation import behaviour, plots, report
from training.evaluation import comparison as compare
from training.evaluation.metrics import coverage_curve
from training.evaluation.scoring import Scores

BEHAVIOUR_FILE = "behaviour.json"
COMPARISON_FILE = "comparison.json"


def make_folder(path: Path) -> None:
    """Create the output folder; raises DataError if its place is taken by a file."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise DataError(f"{path}: expected a folder for --output, found a file.") from error


def write_evaluation(output: Path, scores: Scores, described: dict[str, Any]) -> None:
    """Print the report and write metrics.json, predictions.csv and the plots."""
    measured = {**report.summarise(scores), **described}
    print(report.render(measured), end="\n\n")
    write_text(output / compare.PREDICTIONS_FILE, predictions_csv(scores))
    write_json(output / compare.METRICS_FILE, measured)
    plots.draw_confusion(output / "confusion_matrix.png", measured)
    plots.draw_reliability(output / "reliability.png", measured)
    plots.draw_coverage(
        output / "coverage.png", coverage_curve(scores.confidence, scores.correct), measured
    )


def predictions_csv(scores: Scores) -> str:
    """One line per review: id, true label, prediction, probabilities of both; never its text."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(compare.PREDICTION_COLUMNS)
    for row, name in enumerate(scores.ids):
        truth, predicted = scores.truth[row], scores.predicted[row]
        confidence, of_label = scores.probabilities[row, [predicted, truth]]
        writer.writerow(
            (
                name,
                scores.labels[truth],
                scores.labels[predicted],
                f"{confidence:.6g}",
                f"{of_label:.6g}",
            )
        )
    return file.getvalue()


def write_behaviour(output: Path, results: Sequence[behaviour.CaseResult]) -> None:
    """Print the counts and write behaviour.json."""
    summary = behaviour.summarise(results)
    print(behaviour.render(summary), end="\n\n")
    write_json(output / BEHAVIOUR_FILE, summary)


def write_comparison(output: Path, rivals: Sequence[compare.Run]) -> None:
    """Print this run against each rival and write comparison.json."""
    this = compare.read_run(output)
    comparisons = [compare.compare(rival, this) for rival in rivals]
    print(compare.render([this, *rivals], comparisons), end="\n\n")
    write_text(output / COMPARISON_FILE, compare.as_json(comparisons))


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON whole, then rename it."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
