"""Evaluate a checkpoint: report, metrics.json, predictions.csv, plots, behaviour suite, comparison.

    python -m training.evaluate --checkpoint model_store/checkpoint \\
        --data aclImdb_v1.tar.gz --split test --output run/test

The figures come from the same predictor and engine that serve. Review texts are never written.
"""

import argparse
import csv
import io
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handler.checkpoint import read_settings
from handler.engines import EngineError
from handler.errors import CheckpointError
from handler.weights import write_text
from training import behaviour, compare, plots, report
from training.data import DataError, Review, read_split, sha256
from training.metrics import coverage_curve
from training.scoring import Scores, check_evaluable, load_scorer, score_reviews

BEHAVIOUR_FILE = "behaviour.json"
COMPARISON_FILE = "comparison.json"
HISTORY_FILE = "history.jsonl"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the evaluation; 2 with one clear line on stderr if something does not fit."""
    options = parse_arguments(arguments)
    try:
        evaluate(options)
    except (DataError, CheckpointError, EngineError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "stopped: files already in --output are whole, the others were not written",
            file=sys.stderr,
        )
        return 130
    return 0


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--checkpoint", type=Path, required=True, metavar="DIR", help="folder of the checkpoint")
    add(
        "--data",
        type=Path,
        metavar="PATH",
        help="the IMDb archive (.tar.gz, .tar.xz), or a CSV/TSV with a header",
    )
    add(
        "--split",
        choices=("train", "test"),
        default="test",
        help="part of the IMDb archive (default: test)",
    )
    add("--text-column", metavar="C", help="column of a CSV/TSV with the texts (default: review)")
    add("--label-column", metavar="C", help="column of a CSV/TSV with the labels (default: label)")
    add(
        "--sample",
        type=int,
        metavar="N",
        help="only N reviews, drawn at random with a fixed seed: a quick look",
    )
    add(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for metrics.json, predictions.csv, plots",
    )
    add(
        "--engine",
        default="auto",
        metavar="NAME",
        help="engine of the predictor (default: auto, as when serving)",
    )
    add(
        "--history",
        type=Path,
        metavar="FILE",
        help="JSON lines of a training run, for loss curves (default: in DIR or beside it)",
    )
    add(
        "--behaviour",
        type=Path,
        nargs="?",
        const=behaviour.CASES,
        metavar="CASES",
        help="also run the behaviour suite (or a folder of own cases); works without --data",
    )
    add(
        "--compare",
        type=Path,
        nargs="+",
        default=[],
        metavar="RUN",
        help="--output folders of other evaluations of the same data: McNemar's test",
    )
    options = parser.parse_args(arguments)
    if options.data is None and options.behaviour is None:
        parser.error("expected --data PATH, --behaviour, or both; found neither")
    if options.data is None and options.compare:
        parser.error("--compare needs --data: it compares predictions on the same reviews")
    return options


def evaluate(options: argparse.Namespace) -> None:
    """Do what the options ask for; all that can be checked is checked before the model loads."""
    settings = read_settings(options.checkpoint)
    rivals = [compare.read_run(directory) for directory in options.compare]
    history = read_history(options)
    reviews = read_reviews(options, settings.labels) if options.data else []
    cases = behaviour.read_cases(options.behaviour) if options.behaviour else []
    behaviour.match_labels(cases, settings.labels)
    make_folder(options.output)
    scorer = load_scorer(options.checkpoint, options.engine)
    if history:
        plots.draw_losses(options.output / "loss.png", history)
    if cases:
        write_behaviour(options.output, behaviour.run_cases(scorer, cases))
    if reviews:
        scores = score_reviews(scorer, reviews)
        write_evaluation(
            options.output, scores, {**describe(options), "temperature": settings.temperature}
        )
    if rivals:
        write_comparison(options.output, rivals)


def read_reviews(options: argparse.Namespace, labels: Sequence[str]) -> list[Review]:
    """Read, sample and check the reviews; raises DataError."""
    reviews = read_split(options.data, options.split, options.text_column, options.label_column)
    if options.sample is not None and options.sample < len(reviews):
        reviews = random.Random(0).sample(reviews, options.sample)
    try:
        check_evaluable(reviews, labels)
    except DataError as error:
        raise DataError(f"{options.data}: {error}") from error
    return reviews


def read_history(options: argparse.Namespace) -> plots.Records:
    """Read the history that is named, or the one of the checkpoint's run; raises DataError."""
    folders = (options.checkpoint, options.checkpoint.parent)
    places = [options.history] if options.history else [path / HISTORY_FILE for path in folders]
    for path in places:
        if path.is_file():
            return plots.read_history(path)
    if options.history:
        raise DataError(
            f"{options.history}: expected a training run's history, found no such file."
        )
    return []


def make_folder(path: Path) -> None:
    """Create the output folder; raises DataError if its place is taken by a file."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise DataError(f"{path}: expected a folder for --output, found a file.") from error


def describe(options: argparse.Namespace) -> dict[str, Any]:
    """What was evaluated on what, so that a reader can do it again."""
    return {
        "checkpoint": str(options.checkpoint),
        "data": {"file": options.data.name, "sha256": sha256(options.data)},
        "split": options.split,
        "sample": options.sample,
    }


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


def write_behaviour(output: Path, outcomes: Sequence[behaviour.Outcome]) -> None:
    """Print the counts and write behaviour.json."""
    summary = behaviour.summarise(outcomes)
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


if __name__ == "__main__":
    sys.exit(main())
