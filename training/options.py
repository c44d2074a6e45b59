"""Command-line options that the training stages share, and what is made of them."""

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path

from training.data import TABLE_SUFFIXES, download_imdb
from training.loop import Limits
from training.optimization import Recipe
from training.splits import SPLIT_SEED, Splits, load_splits, load_texts

CACHE = Path("run/cache")
IMDB = Path("run/aclImdb_v1.tar.gz")


def parser(description: str | None, output: str) -> argparse.ArgumentParser:
    """Return a parser with the data options and the folders of a stage."""
    result = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    result.add_argument("--output", type=Path, default=Path(output), help="folder of this run")
    result.add_argument("--cache", type=Path, default=CACHE, help="folder of the tokenized texts")
    _add_data_options(result)
    return result


def _add_data_options(result: argparse.ArgumentParser) -> None:
    result.add_argument(
        "--data",
        type=Path,
        help="IMDb archive (.tar.gz, .tar.xz) or CSV/TSV; without it IMDb is downloaded",
    )
    result.add_argument("--text-column", default="review", help="column of the texts in a CSV/TSV")
    result.add_argument("--label-column", default="label", help="column of the labels in a CSV/TSV")
    result.add_argument(
        "--protocol",
        choices=["official", "seed"],
        default="official",
        help="official test part kept apart, or the tutorial's 70/10/20 of all labelled reviews",
    )
    result.add_argument(
        "--limit", type=int, help="at most so many reviews of each part, for a trial"
    )
    add_split_seed(result)
    result.add_argument("--seed", type=int, default=13, help="of weights and batches")


def add_split_seed(result: argparse.ArgumentParser) -> None:
    """Add the seed of the cut into parts, the same for all runs that are compared or combined."""
    result.add_argument(
        "--split-seed", type=int, default=SPLIT_SEED, help="of the cut into train and validation"
    )


def add_recipe_options(
    result: argparse.ArgumentParser, steps: int | None, learning_rate: float | None, ema: float
) -> None:
    """Add the hyperparameters of one stage with its defaults (None: the recipe decides)."""
    result.add_argument("--steps", type=int, default=steps, help="optimizer steps")
    result.add_argument("--learning-rate", type=float, default=learning_rate, help="peak, AdamW")
    result.add_argument("--warmup-ratio", type=float, default=0.06, help="share of the steps")
    result.add_argument("--weight-decay", type=float, default=0.01)
    result.add_argument("--layer-decay", type=float, default=1.0, help="per layer downwards")
    result.add_argument("--clip", type=float, default=1.0, help="largest gradient norm")
    result.add_argument("--ema", type=float, default=ema, help="decay of the weights' average")
    result.add_argument("--batch-tokens", type=int, default=8192, help="tokens per batch, padded")
    result.add_argument("--accumulate", type=int, default=1, help="batches per optimizer step")
    result.add_argument(
        "--max-minutes",
        type=float,
        default=math.inf,
        help="stop then, state saved; run again to go on",
    )
    result.add_argument("--save-minutes", type=float, default=5.0, help="between saved states")
    result.add_argument("--validate-every", type=int, default=500, help="steps")


def recipe_of(arguments: argparse.Namespace, **decided: float) -> Recipe:
    """Return the hyperparameters, `decided` ones first; raises ValueError naming an unfit one."""
    names = (
        "steps", "learning_rate", "warmup_ratio", "weight_decay", "layer_decay", "clip",
        "accumulate", "ema", "seed",
    )  # fmt: skip
    return Recipe(**{name: decided.get(name, getattr(arguments, name)) for name in names})


def limits_of(arguments: argparse.Namespace) -> Limits:
    """Return when the stage stops, saves and validates."""
    return Limits(arguments.max_minutes, arguments.save_minutes, arguments.validate_every)


def command(run: Callable[[], object]) -> None:
    """Run a command; what is wrong with its input becomes one line instead of a trace."""
    try:
        run()
    except (ValueError, OSError) as error:  # DataError and CheckpointError are ValueErrors
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except KeyboardInterrupt as error:  # before or after the loop, which saves its state itself
        raise SystemExit(130) from error


def splits_of(arguments: argparse.Namespace) -> Splits:
    """Read the data that the command line names, downloading IMDb if it names none."""
    data = arguments.data or download_imdb(IMDB)
    text, label, seed = arguments.text_column, arguments.label_column, arguments.split_seed
    if label is None and data.suffix in TABLE_SUFFIXES:
        splits = load_texts(data, text, seed=seed)
    else:
        splits = load_splits(data, text, label, arguments.protocol, seed=seed)
    if arguments.limit:
        splits = splits.at_most(arguments.limit)
    print(f"{data}: sha-256 {splits.sha256}")
    print(
        f"{len(splits.train)} reviews to train on, {len(splits.validation)} to validate, "
        f"{len(splits.unlabelled)} without a label; labels {', '.join(splits.labels)}"
    )
    for part, leaks in splits.leaks.items():
        print(
            f"{part}: {leaks.exact} exact and {leaks.normalised} normalised copies of test reviews "
            "dropped"
        )
    return splits
