"""Fit one temperature on validation reviews and store it, so that confidence means accuracy.

    python -m training.calibrate --checkpoint run/train/checkpoint --data aclImdb_v1.tar.gz

Temperature scaling (Guo et al. 2017, section 4.2) divides the logits by one number: no prediction
changes.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from handler.checkpoint import CONFIG_FILE, load_tokenizer, read_settings
from handler.checksums import write_checksums
from handler.files import write_text
from handler.weights import load_network, save_checkpoint
from training.data.readers import Review
from training.data.splits import SPLIT_SEED, Protocol, load_splits
from training.evaluation.report import markdown_table
from training.evaluation.scoring import check_evaluable, load_scorer, score_reviews
from training.evaluation.temperature import (
    COVERAGE,
    HIGHEST,
    LOWEST,
    Calibration,
    certain_threshold,
    cross_fit,
    fit_temperature,
    logits_from,
    measure,
)
from training.options import command, option, parse, required


@dataclass(frozen=True, kw_only=True)
class CalibrateOptions:
    """Which checkpoint is calibrated, on the validation part of which data."""

    COMMAND: ClassVar[str] = "calibrate"

    checkpoint: Path = required("folder of the checkpoint, which is changed", metavar="DIR")
    data: Path = required(
        "what the checkpoint was trained on: the IMDb archive or a CSV/TSV", metavar="PATH"
    )
    protocol: Protocol = option("official", "how training split the data")
    split_seed: int = option(SPLIT_SEED, "of the cut into train and validation")
    text_column: str = option("review", "column of a CSV/TSV with the texts", metavar="C")
    label_column: str = option("label", "column of a CSV/TSV with the labels", metavar="C")
    engine: str = option("auto", "engine to calibrate; auto, as when serving", metavar="NAME")
    dry_run: bool = option(False, "print the figures, leave the checkpoint as it is")


def store(directory: Path, temperature: float, threshold: float) -> None:
    """Write temperature and threshold into the checkpoint: whole, then renamed.

    A standard head takes the temperature into its weights, on top of the one they hold already.
    """
    settings = dataclasses.replace(
        read_settings(directory), temperature=temperature, certain_threshold=threshold
    )
    if settings.head == "standard":
        network, tokenizer = load_network(directory)[0], load_tokenizer(directory, settings)
        save_checkpoint(directory, network, settings, tokenizer)
    else:
        write_text(directory / CONFIG_FILE, json.dumps(settings.as_config(), indent=1) + "\n")
        write_checksums(directory)


def validation_reviews(options: CalibrateOptions) -> list[Review]:
    """The reviews that training kept for validation, cut from the same data in the same way."""
    return load_splits(
        options.data,
        options.text_column,
        options.label_column,
        options.protocol,
        seed=options.split_seed,
    ).validation


def calibrate(options: CalibrateOptions) -> None:
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
        store(options.checkpoint, temperature, certain_threshold(logits / temperature, COVERAGE))


def _table(rows: Sequence[tuple[str, float, Calibration]]) -> str:
    return markdown_table(
        ("calibration", "temperature", "ECE", "log-loss"),
        [(name, f"{t:.4f}", f"{each.ece:.2%}", f"{each.log_loss:.4f}") for name, t, each in rows],
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Calibrate from the command line."""
    command(lambda: calibrate(parse(CalibrateOptions, arguments, __doc__)))


if __name__ == "__main__":
    main()
