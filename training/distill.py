"""Distil teachers into the compact student, on the training reviews and the unlabelled ones.

The teachers are the linear model (out of fold on what it was trained on) and any finished
checkpoints. Beside the soft label of each review (Hinton et al. 2015) the student learns where the
linear model found it: the evidence of every n-gram, at the token where the n-gram ends. That gives
some three hundred targets per review instead of one.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from handler.checkpoint import Settings, load_tokenizer
from handler.cleaning import PROFILES
from handler.network import ReviewClassifier
from handler.weights import load_network, save_checkpoint
from training.batches import Batches, stack
from training.classification import classifier_of
from training.corpus import Corpus, encode_corpus
from training.data import Review
from training.inputs import Inputs
from training.labelled import Labelled, labelled
from training.linear import fit_linear, fit_out_of_fold, fit_vectorizer
from training.loop import STATE_FILE, Outcome, fit, stop_if_interrupted
from training.options import add_recipe_options, command, limits_of, parser, recipe_of, splits_of
from training.records import record_stage
from training.soft_labels import SoftLabels, linear_soft_labels, mix
from training.splits import Splits
from training.student import add_student_options, student_settings
from training.tokenizer import fit_tokenizer
from training.validation import predict_logits
from training.warm_start import warm_start

FOLDS = 5
STUDENT = "student"


class DistillTask(nn.Module):
    """A student with an evidence head that only training needs."""

    def __init__(self, network: ReviewClassifier, columns: int, evidence_weight: float) -> None:
        super().__init__()
        self.network = network
        self.evidence_head = nn.Linear(network.encoder.config.hidden_size, columns)
        self.evidence_weight = evidence_weight

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the losses: soft cross-entropy per review, smooth L1 per token of evidence."""
        mask = batch["attention_mask"]
        hidden = self.network.hidden_states(batch["input_ids"], mask)
        logits = self.network.classify(hidden, mask).float()
        review_loss = functional.cross_entropy(logits, batch["probabilities"])
        found = self.evidence_head(hidden).float()
        gaps = functional.smooth_l1_loss(found, batch["evidence"], reduction="none").mean(-1)
        evidence_loss = (gaps * mask).sum() / mask.sum()
        return {
            "loss": review_loss + self.evidence_weight * evidence_loss,
            "review_loss": review_loss,
            "evidence_loss": evidence_loss,
        }


@dataclass(frozen=True)
class Lessons:
    """Inputs and targets of the texts that the student learns from."""

    inputs: Inputs
    probabilities: NDArray[np.float32]
    evidence: NDArray[np.float16]

    def batch(self, indices: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return a batch of inputs with `probabilities` and `evidence` beside them."""
        batch = self.inputs.batch(indices)
        length = batch["input_ids"].shape[1]
        rows = [self._evidence(int(index)) for index in indices]
        batch["probabilities"] = torch.from_numpy(self.probabilities[indices])
        batch["evidence"] = stack(rows, 0.0, length)
        return batch

    def _evidence(self, index: int) -> NDArray[np.float32]:
        start = self.inputs.corpus.starts[index]
        kept = self.evidence[start + self.inputs.positions(index)].astype(np.float32)
        return np.pad(kept, ((1, 1), (0, 0)))  # <s> and </s> carry none


def teach_linear(splits: Splits, texts: Sequence[str], corpus: Corpus, seed: int) -> SoftLabels:
    """Fit the linear teacher and let it mark all texts, the training ones out of fold."""
    count = len(splits.train)
    labels = np.array(splits.label_ids(splits.train))
    vectorizer, features = fit_vectorizer(texts[:count])
    vocabulary = vectorizer.vocabulary_
    models, fold = fit_out_of_fold(features, labels, vocabulary, FOLDS, seed)
    models.append(fit_linear(features, labels, vocabulary))
    model_of = np.concatenate([fold, np.full(len(texts) - count, FOLDS)])
    return linear_soft_labels(models, model_of, texts, corpus, os.cpu_count() or 1)


def teach_checkpoint(
    directory: Path, reviews: Sequence[Review], cache: Path
) -> NDArray[np.float32]:
    """Return a finished checkpoint's probabilities (texts, labels) for all texts."""
    network, settings = load_network(directory)
    tokenizer = load_tokenizer(directory, settings)
    corpus = encode_corpus(
        [review.text for review in reviews], PROFILES[settings.cleaning], tokenizer, cache
    )
    with torch.autocast("cpu", torch.bfloat16):
        logits = predict_logits(network, Inputs(corpus, settings))
    probabilities: NDArray[np.float32] = softmax(logits / settings.temperature, axis=1)
    return probabilities


def soft_labels(
    splits: Splits, settings: Settings, corpus: Corpus, arguments: argparse.Namespace
) -> SoftLabels:
    """Average the teachers' probabilities; kept in the output folder for a resumed run."""
    kept = arguments.output / "soft_labels.npz"
    if not kept.exists():
        reviews = splits.train + splits.unlabelled
        texts = [PROFILES[settings.cleaning](review.text) for review in reviews]
        linear = teach_linear(splits, texts, corpus, arguments.seed)
        members = [linear.probabilities] + [
            teach_checkpoint(teacher, reviews, arguments.cache) for teacher in arguments.teacher
        ]
        partial = kept.with_name("partial.npz")
        np.savez(partial, probabilities=np.mean(members, axis=0), evidence=linear.evidence)
        partial.rename(kept)
    with np.load(kept) as arrays:
        marks = SoftLabels(arrays["probabilities"], arrays["evidence"])
    found, expected = len(marks.probabilities), len(corpus)
    if found != expected or len(marks.evidence) != len(corpus.pieces):
        raise ValueError(
            f"{kept}: expected soft labels of {expected} texts with {len(corpus.pieces)} pieces, "
            f"found {found} with {len(marks.evidence)}; remove the file or use another --output."
        )
    return marks


def starting_point(
    splits: Splits, arguments: argparse.Namespace
) -> tuple[ReviewClassifier, Settings, Tokenizer]:
    """Load `--init`, or build the student anew with a tokenizer of its own."""
    if arguments.init:
        network, settings = load_network(arguments.init)
        if not isinstance(network, ReviewClassifier):
            raise ValueError(
                f"{arguments.init}: expected a RoBERTa checkpoint, found {settings.architecture}"
            )
        tokenizer = load_tokenizer(arguments.init, settings)
        return *with_labels(network, settings, splits.labels), tokenizer
    kept = arguments.output / "tokenizer.json"
    if not kept.exists():
        texts = [PROFILES["plain"](review.text) for review in splits.train + splits.unlabelled]
        fit_tokenizer(texts, arguments.vocab_size).save(str(kept))
    tokenizer = Tokenizer.from_file(str(kept))
    settings = student_settings(splits.labels, tokenizer, arguments)
    return ReviewClassifier(settings), settings, tokenizer


def with_labels(
    network: ReviewClassifier, settings: Settings, labels: tuple[str, ...]
) -> tuple[ReviewClassifier, Settings]:
    """Keep the encoder and build a fresh head, unless the head already knows these labels."""
    if settings.labels == labels:
        return network, settings
    settings = replace(settings, labels=labels, temperature=1.0)
    relabelled = ReviewClassifier(settings)
    relabelled.encoder.load_state_dict(network.encoder.state_dict())
    return relabelled, settings


def train_student(
    splits: Splits,
    network: ReviewClassifier,
    inputs: Inputs,
    held_out: Labelled,
    arguments: argparse.Namespace,
) -> Outcome:
    """Train the student on the teachers' word, selecting by log-loss on the validation part."""
    marks = soft_labels(splits, inputs.settings, inputs.corpus, arguments)
    true = np.array(splits.label_ids(splits.train + splits.unlabelled))
    lessons = Lessons(inputs, mix(marks.probabilities, true, arguments.true_share), marks.evidence)
    batches = Batches(inputs.lengths, arguments.batch_tokens, arguments.seed)
    return fit(
        DistillTask(network, marks.evidence.shape[1], arguments.evidence_weight),
        lambda number: lessons.batch(batches[number]),
        recipe_of(arguments),
        limits_of(arguments),
        arguments.output,
        arguments.stage,
        held_out.judge,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the distillation stage from the command line."""
    command(lambda: distill(_parser().parse_args(argv)))


def distill(arguments: argparse.Namespace) -> None:
    """Run the stage and write the student's checkpoint."""
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    splits = splits_of(arguments)
    network, settings, tokenizer = starting_point(splits, arguments)
    texts = [review.text for review in splits.train + splits.unlabelled]
    corpus = encode_corpus(texts, PROFILES[settings.cleaning], tokenizer, arguments.cache)
    held_out = labelled(splits.validation, settings, tokenizer, arguments.cache)
    if not arguments.init and not (arguments.output / arguments.stage / STATE_FILE).exists():
        warm_start(network, corpus, arguments.seed)
    inputs = Inputs(corpus, settings)
    outcome = train_student(splits, network, inputs, held_out, arguments)
    record_stage(arguments.output, arguments.stage, arguments, splits, outcome)
    stop_if_interrupted(outcome)
    save_checkpoint(arguments.output / STUDENT, classifier_of(outcome.network), settings, tokenizer)


def _parser() -> argparse.ArgumentParser:
    result = parser(__doc__, "run/distill")
    result.add_argument("--init", type=Path, help="checkpoint to start from, else a new student")
    result.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        help="checkpoint beside the linear model",
    )
    result.add_argument("--stage", default="distill", help="name in the run's records")
    result.add_argument("--true-share", type=float, default=0.5, help="of true labels in the mix")
    result.add_argument("--evidence-weight", type=float, default=1.0, help="of the token loss")
    add_student_options(result)
    add_recipe_options(result, steps=3600, learning_rate=1e-3, ema=0.998)
    return result


if __name__ == "__main__":
    main()
