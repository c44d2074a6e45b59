"""The options that stages share: which reviews, which folders, which hyperparameters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray

from training.data.readers import TABLE_SUFFIXES, Review, download_imdb
from training.data.sentences import draw_sentences
from training.data.short_texts import ShortTexts, beside_short_texts
from training.data.splits import SPLIT_SEED, Protocol, Splits, load_splits, load_texts
from training.loop.loop import Limits
from training.loop.optimization import Recipe
from training.options import option, require

CACHE: Final = Path("run/cache")
IMDB: Final = Path("run/aclImdb_v1.tar.gz")


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Which reviews are read, and how they are cut into parts."""

    COMMAND: ClassVar[str]

    data: Path | None = option(
        None, "IMDb archive (.tar.gz, .tar.xz) or CSV/TSV; without it IMDb is downloaded"
    )
    text_column: str = option("review", "column of the texts in a CSV/TSV")
    label_column: str | None = option("label", "column of the labels in a CSV/TSV")
    protocol: Protocol = option(
        "official",
        "official test part kept apart, or the tutorial's 70/10/20 of all labelled reviews",
    )
    limit: int | None = option(None, "at most so many reviews of each part, for a trial")
    split_seed: int = option(SPLIT_SEED, "of the cut into train and validation")

    def __post_init__(self) -> None:
        require(self.limit is None or self.limit >= 1, "limit", "at least 1", self.limit)


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(DataOptions):
    """What every training stage can be told: folders, hyperparameters, when to stop."""

    output: Path = option(Path("run"), "folder of this stage")
    cache: Path = option(CACHE, "folder of the tokenized texts")
    seed: int = option(13, "of weights and batches")
    steps: int | None = option(None, "optimizer steps")
    learning_rate: float | None = option(None, "peak, AdamW")
    warmup_ratio: float = option(0.06, "share of the steps")
    weight_decay: float = option(0.01, "of matrices; vectors have none")
    layer_decay: float = option(1.0, "of the learning rate, per layer downwards")
    clip: float = option(1.0, "largest gradient norm")
    ema: float = option(0.99, "decay of the weights' average")
    batch_tokens: int = option(8192, "tokens per batch, padded")
    accumulate: int = option(1, "batches per optimizer step")
    max_minutes: float = option(math.inf, "stop then, state saved; run again to go on")
    save_minutes: float = option(5.0, "between saved states")
    validate_every: int = option(500, "steps")

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.batch_tokens >= 1, "batch_tokens", "at least 1", self.batch_tokens)
        # A recipe checks itself; what is not decided yet cannot be wrong yet.
        rate = 1e-3 if self.learning_rate is None else self.learning_rate
        self.hyperparameters(steps=1 if self.steps is None else self.steps, learning_rate=rate)

    def hyperparameters(self, **decided: Any) -> Recipe:
        """Return the hyperparameters, `decided` ones first; raises OptionError for an unfit one."""
        names = (
            "steps", "learning_rate", "warmup_ratio", "weight_decay", "layer_decay", "clip",
            "accumulate", "ema", "seed",
        )  # fmt: skip
        return Recipe(**{name: decided.get(name, getattr(self, name)) for name in names})

    def limits(self) -> Limits:
        """Return when the stage stops, saves and validates."""
        return Limits(self.max_minutes, self.save_minutes, self.validate_every)

    def refuse_to_overwrite(self, start: Path | str | None, result: str) -> None:
        """Raise OptionError if the stage would write over the checkpoint that it starts from."""
        place = self.output / result
        require(
            start is None or Path(start).resolve() != place.resolve(),
            "--output",
            f"another folder than that of the start {start}, which would be overwritten",
            self.output,
        )


@dataclass(frozen=True, kw_only=True)
class TuningOptions(TrainingOptions):
    """What teacher and student are tuned on beside the reviews."""

    short_texts: Path | None = option(None, "folder of sentences learned beside reviews")
    short_repeats: int = option(4, "of each short text, an epoch")
    swap_share: float = option(0.5, "of reviews with other names and places, beside short texts")
    sentences: int = option(
        0, "of the reviews, as many, that a teacher labels and a student learns"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.sentences >= 0, "sentences", "0 or more", self.sentences)
        require(0 <= self.swap_share <= 1, "swap_share", "from 0 to 1", self.swap_share)

    def with_short_texts(
        self, texts: list[str], targets: NDArray[np.float32], labels: Sequence[str]
    ) -> tuple[list[str], NDArray[np.float32]]:
        """Return texts and targets (texts, labels), followed by those of the short texts."""
        if self.short_texts is None:
            return texts, targets
        learned = ShortTexts(self.short_texts, self.short_repeats, self.swap_share)
        return beside_short_texts(texts, targets, labels, learned, self.seed)

    def drawn_sentences(self, splits: Splits) -> list[Review]:
        """Return the sentences, the same for teacher and student."""
        return draw_sentences(splits.train + splits.unlabelled, self.sentences, self.split_seed)


def begin(options: TrainingOptions) -> Splits:
    """Make a stage's folder, seed its random numbers and read its reviews; raises DataError."""
    options.output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    return read_splits(options)


def read_splits(options: DataOptions) -> Splits:
    """Read the reviews that the options name and say what was found; IMDb is downloaded if need be.

    Raises DataError.
    """
    data = options.data or download_imdb(IMDB)
    if options.label_column is None and data.suffix in TABLE_SUFFIXES:
        splits = load_texts(data, options.text_column, seed=options.split_seed)
    else:
        splits = load_splits(
            data,
            options.text_column,
            options.label_column,
            options.protocol,
            seed=options.split_seed,
        )
    if options.limit:
        splits = splits.at_most(options.limit)
    _report(data, splits)
    return splits


def _report(data: Path, splits: Splits) -> None:
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
