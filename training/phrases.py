"""Teach a finished checkpoint one-line verdicts without changing its mind about reviews.

    python -m training.phrases --encoder run/training/checkpoint --output run/phrases

The composed texts of `training.compose` bring their labels. Among them stand reviews, with the
checkpoint's own calibrated answers for labels (Li & Hoiem 2016, "Learning without Forgetting"):
true labels once more would only be learned by heart. What is written is a mean of the weights
before and after (Wortsman et al. 2022, "Robust fine-tuning"): it keeps nearly all of both.
"""

import argparse
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from handler.checkpoint import Settings, load_tokenizer, read_settings
from handler.cleaning import PROFILES
from handler.network import ReviewClassifier
from handler.weights import load_network, save_checkpoint
from training.batches import Batches
from training.classification import ClassifyTask, classifier_of
from training.compose import compose
from training.corpus import encode_corpus
from training.data import DataError, Review
from training.distill import teach_checkpoint
from training.inputs import Inputs
from training.labelled import Labelled, labelled
from training.loop import Outcome, fit, stop_if_interrupted
from training.options import add_recipe_options, command, limits_of, parser, recipe_of, splits_of
from training.records import record_stage
from training.soft_labels import mix
from training.splits import Splits

STAGE = "phrases"
HELD_OUT_PHRASES = 2_000
# Share of a phrase's target that is spread over all labels (Szegedy et al. 2016).
SMOOTHING = 0.1


@dataclass(frozen=True)
class Lessons:
    """Texts and what to answer to each: `targets` is (texts, labels), rows of probabilities."""

    inputs: Inputs
    targets: NDArray[np.float32]

    def batch(self, indices: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return a batch of inputs with its targets as `labels`."""
        return {**self.inputs.batch(indices), "labels": torch.from_numpy(self.targets[indices])}


def teach(arguments: argparse.Namespace) -> None:
    """Run the stage and write the calibrated checkpoint."""
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    splits = splits_of(arguments)
    start = arguments.output / STAGE / "start"
    keep(arguments.encoder, start, splits.labels)
    network, settings = starting_network(start, splits.labels)
    tokenizer = load_tokenizer(start, settings)
    lessons = prepare(splits, start, tokenizer, arguments)
    reviews = labelled(splits.validation, settings, tokenizer, arguments.cache)
    others = compose(HELD_OUT_PHRASES, settings.labels, arguments.seed + 1)
    phrases = labelled(others, settings, tokenizer, arguments.cache)
    outcome = train(network, lessons, {"reviews": reviews, "phrases": phrases}, arguments)
    record_stage(arguments.output, STAGE, arguments, splits, outcome)
    stop_if_interrupted(outcome)
    taught = classifier_of(outcome.network)
    blend(taught, load_network(start)[0], arguments.share)
    settings = replace(settings, temperature=reviews.temperature(taught))
    save_checkpoint(arguments.output / "checkpoint", taught, settings, tokenizer)
    print(f"wrote {arguments.output / 'checkpoint'}, temperature {settings.temperature:.3f}")


def prepare(
    splits: Splits, checkpoint: Path, tokenizer: Tokenizer, arguments: argparse.Namespace
) -> Lessons:
    """Put reviews with the checkpoint's answers and composed phrases with their labels together."""
    settings = read_settings(checkpoint)
    reviews = draw(splits, arguments.reviews, arguments.seed)
    phrases = compose(arguments.phrases, settings.labels, arguments.seed)
    answers = teach_checkpoint(checkpoint, reviews, arguments.cache)
    texts = [review.text for review in reviews + phrases]
    corpus = encode_corpus(texts, PROFILES[settings.cleaning], tokenizer, arguments.cache)
    targets = np.concatenate([answers, smoothed(phrases, settings.labels)])
    return Lessons(Inputs(corpus, settings), targets)


def train(
    network: ReviewClassifier,
    lessons: Lessons,
    unseen: Mapping[str, Labelled],
    arguments: argparse.Namespace,
) -> Outcome:
    """Train to the last step; the accuracies on `unseen` are noted, and nothing is selected."""
    batches = Batches(lessons.inputs.lengths, arguments.batch_tokens, arguments.seed)

    def accuracies(task: nn.Module) -> dict[str, float]:
        judged = {name: part.judge(task) for name, part in unseen.items()}
        return {f"accuracy_on_{name}": each["validation_accuracy"] for name, each in judged.items()}

    return fit(
        ClassifyTask(network, torch.ones(lessons.targets.shape[1])),
        lambda number: lessons.batch(batches[number]),
        recipe_of(arguments, steps=arguments.steps or batches.per_epoch),
        limits_of(arguments),
        arguments.output,
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


def keep(checkpoint: Path, place: Path, labels: tuple[str, ...]) -> None:
    """Copy a checkpoint that fits to its place, once; raises DataError or CheckpointError.

    Within a plan this stage writes over what it started from: one that was stopped and goes on has
    to find its start again.
    """
    if not place.exists():
        starting_network(checkpoint, labels)
        partial = place.with_name(f".{place.name}.partial")
        shutil.copytree(checkpoint, partial, dirs_exist_ok=True)
        partial.rename(place)


def draw(splits: Splits, count: int, seed: int) -> list[Review]:
    """Draw reviews to keep the checkpoint's mind on, with or without a label."""
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


def _parser() -> argparse.ArgumentParser:
    result = parser(__doc__, "run/phrases")
    result.add_argument("--encoder", type=Path, required=True, help="finished checkpoint")
    result.add_argument("--phrases", type=int, default=200_000, help="composed texts")
    result.add_argument("--reviews", type=int, default=16_000, help="reviews to keep its mind on")
    result.add_argument("--share", type=float, default=0.7, help="of the taught weights")
    add_recipe_options(result, steps=None, learning_rate=2e-4, ema=0.98)
    result.set_defaults(batch_tokens=4096)
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    command(lambda: teach(_parser().parse_args(argv)))


if __name__ == "__main__":
    main()
