"""Distil teachers into the compact student, on the training reviews and the unlabelled ones.

The teachers are the linear model (out of fold on what it was trained on) and any finished
checkpoints. Beside the soft label of each review (Hinton et al. 2015) the student learns where the
linear model found it: the evidence of every n-gram, at the token where the n-gram ends. That gives
some three hundred targets per review instead of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from tokenizers import Tokenizer

from handler.checkpoint import Settings, load_tokenizer
from handler.cleaning import PROFILES
from handler.errors import CheckpointError
from handler.files import whole_file
from handler.network import ReviewClassifier
from handler.weights import load_network, save_checkpoint
from training.data.batches import Batches
from training.data.corpus import Corpus, encode_corpus
from training.data.inputs import Inputs
from training.data.readers import DataError
from training.data.splits import Splits
from training.data.tokenizer import kept_tokenizer
from training.evaluation.labelled import Labelled, labelled
from training.loop.loop import STATE_FILE, Outcome, fit, stop_if_interrupted
from training.loop.processes import first_prepares
from training.loop.records import record_stage
from training.models.student import StudentOptions, student_settings
from training.models.warm_start import warm_start
from training.objectives.classification import classifier_of
from training.objectives.distillation import DistillDataset, DistillTask
from training.options import command, option, parse, require
from training.stages.options import TrainingOptions, begin
from training.teachers.checkpoint import teach_checkpoint
from training.teachers.soft_labels import SoftLabels, mix, teach_linear

STUDENT = "student"
SOFT_LABELS = "soft_labels.npz"


@dataclass(frozen=True, kw_only=True)
class DistillOptions(StudentOptions, TrainingOptions):
    """Where the student starts, who teaches it, and how its losses are weighed."""

    COMMAND: ClassVar[str] = "distill"

    output: Path = option(Path("run/distill"), "folder of this stage")
    steps: int = option(3600, "optimizer steps")
    learning_rate: float = option(1e-3, "peak, AdamW")
    ema: float = option(0.998, "decay of the weights' average")
    init: Path | None = option(None, "checkpoint to start from, else a new student")
    teacher: list[Path] = option([], "checkpoints beside the linear model", action="extend")
    soft_labels: Path | None = option(
        None, "where the teachers' answers are kept, else in the output folder"
    )
    stage: str = option("distill", "name in the run's records")
    true_share: float = option(0.5, "of true labels in the mix")
    evidence_weight: float = option(1.0, "of the token loss")

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.true_share <= 1, "true_share", "from 0 to 1", self.true_share)
        self.refuse_to_overwrite(self.init, STUDENT)


def soft_labels(
    splits: Splits, settings: Settings, corpus: Corpus, options: DistillOptions
) -> SoftLabels:
    """Average the teachers' probabilities; kept, for a run that is resumed or goes on from here."""
    kept = options.soft_labels or options.output / SOFT_LABELS
    if not kept.exists():
        reviews = splits.train + splits.unlabelled
        texts = [PROFILES[settings.cleaning](review.text) for review in reviews]
        linear = teach_linear(splits, texts, corpus, options.seed)
        members = [linear.probabilities] + [
            teach_checkpoint(teacher, reviews, options.cache) for teacher in options.teacher
        ]
        with whole_file(kept) as partial:
            np.savez(partial, probabilities=np.mean(members, axis=0), evidence=linear.evidence)
    with np.load(kept) as arrays:
        soft = SoftLabels(arrays["probabilities"], arrays["evidence"])
    found, expected = len(soft.probabilities), len(corpus)
    if found != expected or len(soft.evidence) != len(corpus.pieces):
        raise DataError(
            f"{kept}: expected soft labels of {expected} texts with {len(corpus.pieces)} pieces, "
            f"found {found} with {len(soft.evidence)}; remove the file or use another --output."
        )
    return soft


def starting_point(
    splits: Splits, options: DistillOptions
) -> tuple[ReviewClassifier, Settings, Tokenizer]:
    """Load `--init`, or build the student anew with a tokenizer of its own."""
    if options.init:
        network, settings = load_network(options.init)
        if not isinstance(network, ReviewClassifier):
            raise CheckpointError(
                f"{options.init}: expected a RoBERTa checkpoint, found {settings.architecture}"
            )
        tokenizer = load_tokenizer(options.init, settings)
        return *with_labels(network, settings, splits.labels), tokenizer
    texts = (PROFILES["plain"](review.text) for review in splits.train + splits.unlabelled)
    tokenizer = kept_tokenizer(options.output / "tokenizer.json", texts, options.vocab_size)
    settings = student_settings(splits.labels, tokenizer, options)
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


@dataclass(frozen=True)
class Material:
    """What a run works on: the student, and what it learns from and is held to."""

    splits: Splits
    network: ReviewClassifier
    tokenizer: Tokenizer
    inputs: Inputs
    soft: SoftLabels
    held_out: Labelled


def prepare(options: DistillOptions) -> Material:
    """Read and tokenize the texts, build the student, ask the teachers."""
    splits = begin(options)
    network, settings, tokenizer = starting_point(splits, options)
    texts = [review.text for review in splits.train + splits.unlabelled]
    corpus = encode_corpus(texts, PROFILES[settings.cleaning], tokenizer, options.cache)
    held_out = labelled(splits.validation, settings, tokenizer, options.cache)
    if not options.init and not (options.output / options.stage / STATE_FILE).exists():
        warm_start(network, corpus, options.seed)
    soft = soft_labels(splits, settings, corpus, options)
    return Material(splits, network, tokenizer, Inputs(corpus, settings), soft, held_out)


def train_student(material: Material, options: DistillOptions) -> Outcome:
    """Train the student on the teachers' answers, selecting by log-loss on the validation part."""
    splits, inputs, soft = material.splits, material.inputs, material.soft
    true = np.array(splits.label_ids(splits.train + splits.unlabelled))
    dataset = DistillDataset(
        inputs, mix(soft.probabilities, true, options.true_share), soft.evidence
    )
    batches = Batches(inputs.lengths, options.batch_tokens, options.seed)
    return fit(
        DistillTask(material.network, soft.evidence.shape[1], options.evidence_weight),
        lambda number: dataset.batch(batches[number]),
        options.hyperparameters(),
        options.limits(),
        options.output,
        options.stage,
        material.held_out.evaluate,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the distillation stage from the command line."""
    command(lambda: distill(parse(DistillOptions, argv, __doc__)))


def distill(options: DistillOptions) -> None:
    """Run the stage; in a distributed run the first process writes the student's checkpoint."""
    with first_prepares() as state:
        material = prepare(options)
    outcome = train_student(material, options)
    if state.is_main_process:
        record_stage(options.output, options.stage, options, material.splits, outcome)
    stop_if_interrupted(outcome)
    if state.is_main_process:
        student = classifier_of(outcome.network)
        settings = material.inputs.settings
        save_checkpoint(options.output / STUDENT, student, settings, material.tokenizer)


if __name__ == "__main__":
    main()
