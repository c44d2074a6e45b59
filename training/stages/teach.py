"""Fine-tune a large encoder on the labelled reviews and write its soft labels for all reviews.

    python -m training.teach --teacher sentence-transformers/all-mpnet-base-v2

Any `AutoModelForSequenceClassification` family can teach: its encoder need not fit the student's
layout. What is written, `soft_labels.npz`, holds logits by a hash of each text and no text, so
that a student can be trained without the teacher's hours (`training.train --soft-labels FILE`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from handler.checkpoint import Settings
from handler.cleaning import PROFILES
from handler.errors import CheckpointError
from training.data.batches import Batches
from training.data.corpus import encode_corpus
from training.data.inputs import Inputs
from training.data.readers import Review
from training.data.splits import Splits
from training.evaluation.labelled import Labelled, encode_targets, labelled, one_hot
from training.evaluation.selection import predict_logits
from training.loop.loop import Outcome, fit, stop_if_interrupted
from training.loop.processes import first_prepares
from training.loop.records import record_stage
from training.models.encoders import check_weights, set_dropout, untruncated
from training.objectives.classification import ClassifyTask, classifier_of
from training.options import command, option, parse
from training.stages.options import TuningOptions, begin
from training.teachers.label_store import label_softly

STAGE = "teach"
SOFT_LABELS = "soft_labels.npz"


@dataclass(frozen=True, kw_only=True)
class TeachOptions(TuningOptions):
    """Which encoder teaches, and how it is fine-tuned before."""

    COMMAND: ClassVar[str] = "teach"

    output: Path = option(Path("run/teach"), "folder of this stage")
    learning_rate: float = option(3e-5, "peak, AdamW")
    layer_decay: float = option(0.9, "of the learning rate, per layer downwards")
    batch_tokens: int = option(4096, "tokens per batch, padded")
    teacher: str = option("sentence-transformers/all-mpnet-base-v2", "hub name or folder")
    revision: str | None = option(None, "of the hub's files")
    sha256: str | None = option(None, "that model.safetensors must have")
    max_length: int = option(256, "tokens, special ones included")
    epochs: float = option(1.0, "unless steps are given")
    dropout: float = option(0.0, "one epoch leaves nothing to overfit")


class Teacher(nn.Module):
    """A classifier of any family behind the interface of the students: ids and mask to logits."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the logits of each review, (batch, labels)."""
        logits: Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def load_teacher(
    name: str, revision: str | None, sha256: str | None, labels: Sequence[str]
) -> tuple[Teacher, Any]:
    """Load an encoder under a fresh head, and its tokenizer; raises CheckpointError."""
    check_weights(name, revision, sha256)
    try:
        model = AutoModelForSequenceClassification.from_pretrained(
            name,
            revision=revision,
            num_labels=len(labels),
            use_safetensors=True,
            dtype=torch.float32,
        )
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"{name}: expected an encoder that transformers can classify with, on the hub or in a "
            f"local folder, found none: {error}"
        ) from error
    return Teacher(model), tokenizer


def teacher_settings(tokenizer: Any, labels: tuple[str, ...], max_length: int) -> Settings:
    """Return how reviews are framed and cut for a teacher."""
    encoder = {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    return Settings(labels=labels, encoder=encoder, max_length=max_length)


@dataclass(frozen=True)
class Material:
    """What a run works on: the teacher, and what it learns from and is held to."""

    splits: Splits
    teacher: Teacher
    tokenizer: Tokenizer
    dataset: Labelled
    held_out: Labelled


def prepare(options: TeachOptions) -> Material:
    """Load the teacher, and read and tokenize the reviews as it reads them."""
    splits = begin(options)
    teacher, tokenizer = load_teacher(
        options.teacher, options.revision, options.sha256, splits.labels
    )
    settings = teacher_settings(tokenizer, splits.labels, options.max_length)
    backend = untruncated(tokenizer)
    texts, targets = options.with_short_texts(
        [review.text for review in splits.train],
        one_hot(splits.train, settings.labels),
        settings.labels,
    )
    dataset = encode_targets(texts, targets, settings, backend, options.cache)
    held_out = labelled(splits.validation, settings, backend, options.cache)
    return Material(splits, teacher, backend, dataset, held_out)


def fine_tune(material: Material, options: TeachOptions, processes: int) -> Outcome:
    """Train the teacher on true labels, selecting by log-loss on the validation part."""
    teacher, dataset = material.teacher, material.dataset
    batches = Batches(dataset.inputs.lengths, options.batch_tokens, options.seed)
    set_dropout(teacher, options.dropout)
    epoch = batches.per_epoch / (options.accumulate * processes)
    steps = options.steps or max(1, round(options.epochs * epoch))
    return fit(
        ClassifyTask(teacher, torch.ones(dataset.targets.shape[1])),
        lambda number: dataset.batch(batches[number]),
        options.hyperparameters(steps=steps),
        options.limits(),
        options.output,
        STAGE,
        material.held_out.evaluate,
    )


def teach(options: TeachOptions) -> None:
    """Fine-tune the teacher, then write its soft labels; of several processes the first writes."""
    with first_prepares() as state:
        material = prepare(options)
    outcome = fine_tune(material, options, state.num_processes)
    if state.is_main_process:
        record_stage(options.output, STAGE, options, material.splits, outcome)
    stop_if_interrupted(outcome)
    if state.is_main_process:
        print(f"teacher on validation: {outcome.progress.best}")
        if outcome.finished:
            write_soft_labels(material, classifier_of(outcome.network), options)


def write_soft_labels(material: Material, teacher: nn.Module, options: TeachOptions) -> None:
    """Write soft labels for unsup, train, validation and sentences of them, in pieces."""
    splits, settings = material.splits, material.dataset.inputs.settings
    clean = PROFILES[settings.cleaning]

    def logits_of(reviews: Sequence[Review]) -> Any:
        texts = [review.text for review in reviews]
        corpus = encode_corpus(texts, clean, material.tokenizer, options.cache)
        with torch.autocast("cpu", torch.bfloat16):
            return predict_logits(teacher, Inputs(corpus, settings))

    sentences = options.drawn_sentences(splits)
    reviews = sentences + splits.unlabelled + splits.train + splits.validation
    label_softly(reviews, logits_of, settings.labels, options.output / SOFT_LABELS)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    command(lambda: teach(parse(TeachOptions, argv, __doc__)))


if __name__ == "__main__":
    main()
