"""Evaluate a checkpoint: report, metrics.json, predictions.csv, plots, behaviour suite, comparison.

    python -m training.evaluate --checkpoint model_store/checkpoint \\
        --data aclImdb_v1.tar.gz --split test --output run/test

The figures come from the same predictor and engine that serve. Review texts are never written.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from handler.checkpoint import read_settings
from handler.checksums import file_digest
from training.data.readers import DataError, Review, read_split
from training.evaluation import behaviour, plots
from training.evaluation import comparison as compare
from training.evaluation.behaviour import CASES
from training.evaluation.files import (
    make_folder,
    write_behaviour,
    write_comparison,
    write_evaluation,
)
from training.evaluation.scoring import check_evaluable, load_scorer, score_reviews
from training.options import OptionError, command, option, parse, required

HISTORY_FILE = "history.jsonl"


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """Which checkpoint is evaluated on what, and where the files go."""

    COMMAND: ClassVar[str] = "evaluate"

    checkpoint: Path = required("folder of the checkpoint", metavar="DIR")
    data: Path | None = option(
        None, "the IMDb archive (.tar.gz, .tar.xz), or a CSV/TSV with a header", metavar="PATH"
    )
    split: Literal["train", "test"] = option("test", "part of the IMDb archive")
    text_column: str | None = option(None, "column of a CSV/TSV, else review", metavar="C")
    label_column: str | None = option(None, "column of a CSV/TSV, else label", metavar="C")
    sample: int | None = option(
        None, "only N reviews, drawn at random with a fixed seed: a quick look", metavar="N"
    )
    output: Path = required("folder for metrics.json, predictions.csv, plots", metavar="DIR")
    engine: str = option("auto", "engine of the predictor; auto, as when serving", metavar="NAME")
    history: Path | None = option(
        None, "JSON lines of a training run, for loss curves; else beside the checkpoint"
    )
    behaviour: Path | None = option(
        None,
        "also run the behaviour suite (or a folder of own cases); works without --data",
        metavar="CASES",
        nargs="?",
        const=CASES,
    )
    compare: list[Path] = option(
        [],
        "--output folders of other evaluations of the same data: McNemar's test",
        metavar="RUN",
    )

    def __post_init__(self) -> None:
        if self.data is None and self.behaviour is None:
            raise OptionError("expected --data PATH, --behaviour, or both; found neither.")
        if self.data is None and self.compare:
            raise OptionError(
                "expected --data beside --compare, found none: predictions on the same reviews are "
                "compared."
            )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the evaluation from the command line; what is in its folder after Ctrl-C is whole."""
    command(lambda: evaluate(parse(EvaluateOptions, arguments, __doc__)))


def evaluate(options: EvaluateOptions) -> None:
    """Do what the options ask for; all that can be checked is checked before the model loads."""
    settings = read_settings(options.checkpoint)
    rivals = [compare.read_run(directory) for directory in options.compare]
    history = read_history(options)
    reviews = read_reviews(options, settings.labels)
    cases = behaviour.read_cases(options.behaviour) if options.behaviour else []
    behaviour.match_labels(cases, settings.labels)
    make_folder(options.output)
    scorer = load_scorer(options.checkpoint, options.engine)
    if history:
        plots.draw_losses(options.output / "loss.png", history)
    if cases:
        write_behaviour(options.output, behaviour.run_cases(scorer, cases))
    if options.data and reviews:
        described = describe(options.data, options)
        described["temperature"] = settings.temperature
        write_evaluation(options.output, score_reviews(scorer, reviews), described)
    if rivals:
        write_comparison(options.output, rivals)


def read_reviews(options: EvaluateOptions, labels: Sequence[str]) -> list[Review]:
    """Read, sample and check the reviews, none without data; raises DataError."""
    if options.data is None:
        return []
    reviews = read_split(options.data, options.split, options.text_column, options.label_column)
    if options.sample is not None and options.sample < len(reviews):
        reviews = random.Random(0).sample(reviews, options.sample)
    try:
        check_evaluable(reviews, labels)
    except DataError as error:
        raise DataError(f"{options.data}: {error}") from error
    return reviews


def read_history(options: EvaluateOptions) -> plots.Records:
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


def describe(data: Path, options: EvaluateOptions) -> dict[str, Any]:
    """What was evaluated on what, so that a reader can do it again."""
    return {
        "checkpoint": str(options.checkpoint),
        "data": {"file": data.name, "sha256": file_digest(data)},
        "split": options.split,
        "sample": options.sample,
    }


if __name__ == "__main__":
    main()
