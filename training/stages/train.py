"""Fine-tune an encoder on labelled reviews.

`--recipe tutorial` is the tutorial's, its faults mended: stage 1 trains the head on the frozen
encoder, stage 2 goes on from stage 1's weights and unfreezes the encoder unless `--keep-frozen`.
`--recipe full` tunes everything at once with layer-wise decay, an average of the weights and
R-Drop. `--recipe few` is for some hundred rows and fewer: the mean of the tokens under a logistic
regression that is fitted before anything is tuned, and every two rows of a batch are contrasted.
Selection is by log-loss on the validation part, and the temperature is fitted there at the
end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, cast

import numpy as np
from tokenizers import Tokenizer

from handler.checkpoint import Settings
from handler.cleaning import PROFILES
from handler.network import ReviewClassifier, tutorial_head_sizes
from handler.weights import save_checkpoint
from training.data.batches import Batches
from training.data.splits import Splits
from training.data.tokenizer import fit_tokenizer
from training.evaluation.labelled import Labelled, encode_targets, labelled, one_hot
from training.evaluation.temperature import COVERAGE
from training.loop.loop import Outcome, fit, stop_if_interrupted
from training.loop.records import record_stage
from training.models.encoders import Start, load_start, set_dropout
from training.models.logistic_head import fit_head
from training.objectives.classification import ClassifyTask, class_weights, classifier_of
from training.options import command, option, parse, require
from training.stages.options import TuningOptions, begin
from training.teachers.label_store import read_soft_labels
from training.teachers.soft_labels import mix


@dataclass(frozen=True, kw_only=True)
class TrainOptions(TuningOptions):
    """Which encoder is fine-tuned on what, and what is changed of the recipe."""

    COMMAND: ClassVar[str] = "train"

    output: Path = option(Path("run/train"), "folder of this stage")
    recipe: Literal["full", "few", "tutorial"] = option(
        "full", "all at once, the same for few rows, or the tutorial's two stages"
    )
    encoder: str = option(
        "roberta-base",
        "hub name, local folder, project checkpoint, or a config .json to train from nothing",
    )
    encoder_revision: str | None = option(None, "of the hub's files")
    encoder_sha256: str | None = option(None, "that the encoder's weights must have")
    cleaning: str | None = option(
        None, "else plain (tutorial) or emoji_names (full)", choices=sorted(PROFILES)
    )
    soft_labels: Path | None = option(None, "what `training.teach` wrote")
    unlabelled: bool = option(False, "learn from unsup, too")
    true_share: float = option(0.5, "of true labels in the mix")
    max_length: int | None = option(None, "tokens; else 256 (tutorial) or 512 (full)")
    keep_frozen: bool = option(False, "never unfreeze the encoder")
    epochs: float | None = option(None, "of every stage, instead of the recipe's")
    r_drop: float | None = option(None, "instead of the recipe's")
    encoder_dropout: float | None = option(None, "instead of the recipe's")
    class_weights: Literal["none", "balanced"] = option("none", "of the loss")

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.true_share <= 1, "true_share", "from 0 to 1", self.true_share)
        require(
            self.soft_labels is not None or not self.sentences,
            "sentences",
            "0 without --soft-labels: nobody else labels them",
            self.sentences,
        )
        self.refuse_to_overwrite(self.encoder, "checkpoint")


@dataclass(frozen=True)
class Stage:
    """One pass of the recipe: what is trained, for how long, how hard it is regularised."""

    name: str
    epochs: float
    learning_rate: float
    head_dropout: float
    encoder_dropout: float = 0.1
    frozen: bool = False
    r_drop: float = 0.0
    contrast: float = 0.0


RECIPES: dict[str, tuple[Stage, ...]] = {
    "tutorial": (
        Stage("stage1", epochs=12, learning_rate=1e-4, head_dropout=0.4, frozen=True),
        Stage("stage2", epochs=20, learning_rate=1e-4, head_dropout=0.3),
    ),
    "full": (Stage("fine-tune", epochs=4, learning_rate=1e-4, head_dropout=0.1, r_drop=1.0),),
    "few": (Stage("fine-tune", epochs=12, learning_rate=1e-4, head_dropout=0.1, contrast=1.0),),
}


def starting_network(
    start: Start, labels: tuple[str, ...], options: TrainOptions
) -> tuple[ReviewClassifier, Settings]:
    """Return the classifier to train; a checkpoint's head is kept if labels and recipe fit it."""
    tutorial = options.recipe == "tutorial"
    kept = start.settings is not None and start.settings.labels == labels
    if start.network and start.settings and kept and options.recipe == "full":
        return start.network, start.settings
    positions = start.fields["max_position_embeddings"] - start.fields["pad_token_id"] - 1
    settings = Settings(
        labels=labels,
        encoder=start.fields,
        cleaning=options.cleaning or ("plain" if tutorial else "emoji_names"),
        max_length=min(options.max_length or (256 if tutorial else 512), positions),
        truncation="head" if tutorial else "head_tail",
        pooling="mean" if options.recipe == "few" else "cls",
        head="standard" if options.recipe == "full" else "tutorial",
        head_sizes=tutorial_head_sizes(start.fields["hidden_size"]) if tutorial else (),
    )
    network = ReviewClassifier(settings)
    if start.encoder is not None:
        # Assigned, not copied: the weights of a large encoder need not be held twice.
        network.encoder.load_state_dict(start.encoder.state_dict(), assign=True)
    return network, settings


def run_stage(
    stage: Stage,
    network: ReviewClassifier,
    dataset: Labelled,
    held_out: Labelled,
    options: TrainOptions,
) -> Outcome:
    """Train one stage, starting from the network's present weights."""
    batches = Batches(dataset.inputs.lengths, options.batch_tokens, options.seed)
    set_dropout(network.encoder, stage.encoder_dropout)
    set_dropout(network.head, stage.head_dropout)
    network.encoder.requires_grad_(not stage.frozen)
    count = len(dataset.inputs.settings.labels)
    weights = class_weights(dataset.labels, count, options.class_weights == "balanced")
    task = ClassifyTask(network, weights, stage.frozen, stage.r_drop, stage.contrast)
    epoch = batches.per_epoch / options.accumulate
    steps = options.steps or max(1, round(stage.epochs * epoch))
    recipe = options.hyperparameters(steps=steps, learning_rate=stage.learning_rate)
    return fit(
        task,
        lambda number: dataset.batch(batches[number]),
        recipe,
        options.limits(),
        options.output,
        stage.name,
        held_out.evaluate,
    )


def train(options: TrainOptions) -> Path:
    """Run the recipe's stages and write the calibrated checkpoint; returns its folder."""
    splits = begin(options)
    clean = PROFILES[options.cleaning or "plain"]
    start = load_start(
        options.encoder,
        lambda size: fit_tokenizer((clean(r.text) for r in splits.train), size),
        options.encoder_revision,
        options.encoder_sha256,
    )
    network, settings = starting_network(start, splits.labels, options)
    dataset = training_part(splits, settings, start.tokenizer, options)
    held_out = labelled(splits.validation, settings, start.tokenizer, options.cache)
    if options.recipe == "few":
        fit_head(network, dataset.inputs, dataset.labels)
    for stage in chosen_stages(options):
        outcome = run_stage(stage, network, dataset, held_out, options)
        network = cast(ReviewClassifier, classifier_of(outcome.network))
        record_stage(options.output, stage.name, options, splits, outcome, start.origin)
        stop_if_interrupted(outcome)
    settings = held_out.calibrated(network, settings, COVERAGE)
    checkpoint: Path = options.output / "checkpoint"
    save_checkpoint(checkpoint, network, settings, start.tokenizer)
    print(
        f"wrote {checkpoint}, temperature {settings.temperature:.3f}, certain from a confidence of "
        f"{settings.certain_threshold:.3f} (reached by {COVERAGE:.0%} of the validation reviews)"
    )
    return checkpoint


def training_part(
    splits: Splits, settings: Settings, tokenizer: Tokenizer, options: TrainOptions
) -> Labelled:
    """Return what is trained on: reviews, with true or mixed labels, and any short texts."""
    reviews = list(splits.train)
    targets = one_hot(reviews, settings.labels)
    if options.soft_labels:
        reviews += splits.unlabelled if options.unlabelled else []
        reviews += options.drawn_sentences(splits)
        texts = [review.text for review in reviews]
        soft = read_soft_labels(options.soft_labels, texts, settings.labels)
        targets = mix(soft, np.array(splits.label_ids(reviews)), options.true_share)
    texts, targets = options.with_short_texts(
        [review.text for review in reviews], targets, settings.labels
    )
    return encode_targets(texts, targets, settings, tokenizer, options.cache)


def chosen_stages(options: TrainOptions) -> list[Stage]:
    """Return the recipe's stages with the command line's changes."""
    stages = list(RECIPES[options.recipe])
    if options.keep_frozen:
        stages = [replace(stage, frozen=True) for stage in stages]
    if options.epochs is not None:
        stages = [replace(stage, epochs=options.epochs) for stage in stages]
    if options.learning_rate is not None:
        stages = [replace(stage, learning_rate=options.learning_rate) for stage in stages]
    if options.r_drop is not None:
        stages = [replace(stage, r_drop=options.r_drop) for stage in stages]
    if options.encoder_dropout is not None:
        stages = [replace(stage, encoder_dropout=options.encoder_dropout) for stage in stages]
    return stages


def main(argv: Sequence[str] | None = None) -> None:
    """Run the recipe from the command line."""
    command(lambda: train(parse(TrainOptions, argv, __doc__)))


if __name__ == "__main__":
    main()
