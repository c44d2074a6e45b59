"""Teach a finished checkpoint one-line verdicts; its answers to reviews stay as they are.

    python -m training.phrases --encoder run/training/checkpoint --output run/phrases

The composed texts of `training.compose` bring their labels. Among them stand reviews, with the
checkpoint's own calibrated answers for labels (Li & Hoiem 2016, "Learning without Forgetting"):
true labels once more would only be memorised. What is written is a mean of the weights
before and after (Wortsman et al. 2022, "Robust fine-tuning"): it keeps nearly all of both.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from handler.checkpoint import Settings, load_tokenizer, read_settings
from handler.network import ReviewClassifier
from handler.weights import load_network, save_checkpoint
from training.data.batches import Batches
from training.data.compose import compose
from training.data.readers import DataError, Review
from training.data.splits import Splits
from training.evaluation.behaviour import read_cases, texts_of
from training.evaluation.labelled import Labelled, encode_targets, labelled
from training.evaluation.temperature import COVERAGE
from training.loop.loop import Outcome, fit, stop_if_interrupted
from training.loop.records import record_stage
from training.objectives.classification import ClassifyTask, classifier_of
from training.options import command, option, parse, require, required
from training.stages.options import TrainingOptions, begin
from training.teachers.checkpoint import teach_checkpoint
from training.teachers.soft_labels import mix

STAGE = "phrases"
HELD_OUT_PHRASES = 2_000
# Share of a phrase's target that is spread over all labels (Szegedy et al. 2016).
SMOOTHING = 0.1


@dataclass(frozen=True, kw_only=True)
class PhrasesOptions(TrainingOptions):
    """Which checkpoint learns how many phrases beside how many reviews."""

    COMMAND: ClassVar[str] = "phrases"

    output: Path = option(Path("run/phrases"), "folder of this stage")
    encoder: Path = required("finished checkpoint")
    learning_rate: float = option(2e-4, "peak, AdamW")
    ema: float = option(0.98, "decay of the weights' average")
    batch_tokens: int = option(4096, "tokens per batch, padded")
    phrases: int = option(200_000, "composed texts")
    reviews: int = option(16_000, "reviews whose answers are to stay as they are")
    share: float = option(0.7, "of the taught weights in the mean")

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.share <= 1, "share", "from 0 to 1", self.share)
        self.refuse_to_overwrite(self.encoder, "checkpoint")


def learn_phrases(options: PhrasesOptions) -> None:
    """Run the stage and write the calibrated checkpoint."""
    splits = begin(options)
    start = options.encoder
    network, settings = starting_network(start, splits.labels)
    tokenizer = load_tokenizer(start, settings)
    dataset = prepare(splits, start, tokenizer, options)
    reviews = labelled(splits.validation, settings, tokenizer, options.cache)
    others = phrases_for(settings.labels, HELD_OUT_PHRASES, options.seed + 1)
    phrases = labelled(others, settings, tokenizer, options.cache)
    outcome = train(network, dataset, {"reviews": reviews, "phrases": phrases}, options)
    record_stage(options.output, STAGE, options, splits, outcome)
    stop_if_interrupted(outcome)
    taught = classifier_of(outcome.network)
    blend(taught, load_network(start)[0], options.share)
    settings = reviews.calibrated(taught, settings, COVERAGE)
    save_checkpoint(options.output / "checkpoint", taught, settings, tokenizer)
    print(f"wrote {options.output / 'checkpoint'}, temperature {settings.temperature:.3f}")


def prepare(
    splits: Splits, checkpoint: Path, tokenizer: Tokenizer, options: PhrasesOptions
) -> Labelled:
    """Put reviews with the checkpoint's answers and composed phrases with their labels together."""
    settings = read_settings(checkpoint)
    reviews = draw(splits, options.reviews, options.seed)
    phrases = phrases_for(settings.labels, options.phrases, options.seed)
    answers = teach_checkpoint(checkpoint, reviews, options.cache)
    texts = [review.text for review in reviews + phrases]
    targets = np.concatenate([answers, smoothed(phrases, settings.labels)])
    return encode_targets(texts, targets, settings, tokenizer, options.cache)


def phrases_for(labels: Sequence[str], count: int, seed: int) -> list[Review]:
    """Compose phrases, none of which is asked in the behaviour suite."""
    return compose(count, labels, seed, left_out=texts_of(read_cases()))


def train(
    network: ReviewClassifier,
    dataset: Labelled,
    unseen: Mapping[str, Labelled],
    options: PhrasesOptions,
) -> Outcome:
    """Train to the last step; the accuracies on `unseen` are noted, and nothing is selected."""
    batches = Batches(dataset.inputs.lengths, options.batch_tokens, options.seed)

    def accuracies(task: nn.Module) -> dict[str, float]:
        measured = {name: part.evaluate(task) for name, part in unseen.items()}
        return {
            f"accuracy_on_{name}": each["validation_accuracy"] for name, each in measured.items()
        }

    return fit(
        ClassifyTask(network, torch.ones(dataset.targets.shape[1])),
        lambda number: dataset.batch(batches[number]),
        options.hyperparameters(steps=options.steps or batches.per_epoch),
        options.limits(),
        options.output,
        STAGE,
        accuracies,
    )


def starting_network(
    checkpoint: Path, labels: tuple[str, ...]
) -> tuple[ReviewClassifier, Settings]:
    """Load a finished checkpoint; raises DataError if it has other labels than the data."""
    network, settings = load_network(checkpoint)
    if not isinstance(network, ReviewClassifier) or settings.labels != labels:
        raise DataError(
            f"{checkpoint}: expected a RoBERTa checkpoint with the labels {', '.join(labels)}, "
            f"found {settings.architecture} with {', '.join(settings.labels)}."
        )
    return network, settings


def draw(splits: Splits, count: int, seed: int) -> list[Review]:
    """Draw reviews on which the checkpoint's answers are to stay, with or without a label."""
    pool = splits.train + splits.unlabelled
    return random.Random(seed).sample(pool, min(count, len(pool)))


def smoothed(texts: Sequence[Review], labels: Sequence[str]) -> NDArray[np.float32]:
    """Return (texts, labels), most of each row at the text's label: templates are soon learned."""
    uniform = np.full((len(texts), len(labels)), 1 / len(labels), dtype=np.float32)
    ids = np.array([labels.index(str(text.label)) for text in texts])
    return mix(uniform, ids, 1 - SMOOTHING)


def blend(taught: nn.Module, before: nn.Module, share: float) -> None:
    """Set every weight to `share` of its own value and the rest of the one it had before."""
    earlier = before.state_dict()
    mean = {name: earlier[name].lerp(now, share) for name, now in taught.state_dict().items()}
    taught.load_state_dict(mean)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    command(lambda: learn_phrases(parse(PhrasesOptions, argv, __doc__)))


if __name__ == "__main__":
    main()
