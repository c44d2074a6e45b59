"""Fine-tune an encoder on labelled reviews.

`--recipe seed` is the tutorial's, its faults mended: the head is trained on the frozen encoder
(stage 1), then stage 2 goes on from stage 1's weights and unfreezes the encoder unless
`--keep-frozen`. `--recipe full` tunes everything at once with layer-wise decay, an average of the
weights and R-Drop. Selection is by log-loss on the validation part, and the temperature is fitted
there at the end.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import torch

from handler.checkpoint import Settings
from handler.cleaning import PROFILES
from handler.network import ReviewClassifier, seed_head_sizes
from handler.weights import save_checkpoint
from training.batches import Batches
from training.classification import ClassifyTask, class_weights, classifier_of
from training.encoders import Start, load_start, set_dropout
from training.labelled import Labelled, labelled
from training.loop import Outcome, fit, stop_if_interrupted
from training.options import add_recipe_options, command, limits_of, parser, recipe_of, splits_of
from training.records import record_stage
from training.tokenizer import fit_tokenizer


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


RECIPES: dict[str, tuple[Stage, ...]] = {
    "seed": (
        Stage("stage1", epochs=12, learning_rate=1e-4, head_dropout=0.4, frozen=True),
        Stage("stage2", epochs=20, learning_rate=1e-4, head_dropout=0.3),
    ),
    "full": (Stage("fine-tune", epochs=4, learning_rate=1e-4, head_dropout=0.1, r_drop=1.0),),
}


def starting_network(
    start: Start, labels: tuple[str, ...], arguments: argparse.Namespace
) -> tuple[ReviewClassifier, Settings]:
    """Return the classifier to train; a checkpoint's head is kept if labels and recipe fit it."""
    seed = arguments.recipe == "seed"
    if start.network and start.settings and start.settings.labels == labels and not seed:
        return start.network, start.settings
    positions = start.fields["max_position_embeddings"] - start.fields["pad_token_id"] - 1
    settings = Settings(
        labels=labels,
        encoder=start.fields,
        cleaning=arguments.cleaning,
        max_length=min(arguments.max_length or (256 if seed else 512), positions),
        truncation="head" if seed else "head_tail",
        pooling=arguments.pooling or ("cls" if seed else "cls_mean"),
        head_sizes=seed_head_sizes(start.fields["hidden_size"]) if seed else (),
    )
    network = ReviewClassifier(settings)
    if start.encoder is not None:
        # Assigned, not copied: the weights of a large encoder need not be held twice.
        network.encoder.load_state_dict(start.encoder.state_dict(), assign=True)
    return network, settings


def run_stage(
    stage: Stage,
    network: ReviewClassifier,
    material: Labelled,
    held_out: Labelled,
    arguments: argparse.Namespace,
) -> Outcome:
    """Train one stage, starting from the network's present weights."""
    batches = Batches(material.inputs.lengths, arguments.batch_tokens, arguments.seed)
    set_dropout(network.encoder, stage.encoder_dropout)
    set_dropout(network.head, stage.head_dropout)
    network.encoder.requires_grad_(not stage.frozen)
    count = len(material.inputs.settings.labels)
    weights = class_weights(material.labels, count, arguments.class_weights == "balanced")
    task = ClassifyTask(network, weights, stage.frozen, stage.r_drop)
    epoch = batches.per_epoch / arguments.accumulate
    steps = arguments.steps or max(1, round(stage.epochs * epoch))
    recipe = recipe_of(arguments, steps=steps, learning_rate=stage.learning_rate)
    return fit(
        task,
        lambda number: material.batch(batches[number]),
        recipe,
        limits_of(arguments),
        arguments.output,
        stage.name,
        held_out.judge,
    )


def train(arguments: argparse.Namespace) -> Path:
    """Run the recipe's stages and write the calibrated checkpoint; returns its folder."""
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    splits = splits_of(arguments)
    clean = PROFILES[arguments.cleaning]
    start = load_start(
        arguments.encoder, lambda size: fit_tokenizer((clean(r.text) for r in splits.train), size)
    )
    network, settings = starting_network(start, splits.labels, arguments)
    material, held_out = (
        labelled(reviews, settings, start.tokenizer, arguments.cache)
        for reviews in (splits.train, splits.validation)
    )
    for stage in chosen_stages(arguments):
        outcome = run_stage(stage, network, material, held_out, arguments)
        network = cast(ReviewClassifier, classifier_of(outcome.network))
        record_stage(arguments.output, stage.name, arguments, splits, outcome)
        stop_if_interrupted(outcome)
    settings = replace(settings, temperature=held_out.temperature(network))
    checkpoint: Path = arguments.output / "checkpoint"
    save_checkpoint(checkpoint, network, settings, start.tokenizer)
    print(f"wrote {checkpoint}, temperature {settings.temperature:.3f}")
    return checkpoint


def chosen_stages(arguments: argparse.Namespace) -> list[Stage]:
    """Return the recipe's stages with the command line's changes."""
    stages = list(RECIPES[arguments.recipe])
    if arguments.keep_frozen:
        stages = [replace(stage, frozen=True) for stage in stages]
    if arguments.epochs is not None:
        stages = [replace(stage, epochs=arguments.epochs) for stage in stages]
    if arguments.learning_rate is not None:
        stages = [replace(stage, learning_rate=arguments.learning_rate) for stage in stages]
    if arguments.r_drop is not None:
        stages = [replace(stage, r_drop=arguments.r_drop) for stage in stages]
    if arguments.encoder_dropout is not None:
        stages = [replace(stage, encoder_dropout=arguments.encoder_dropout) for stage in stages]
    return stages


def _parser() -> argparse.ArgumentParser:
    result = parser(__doc__, "run/train")
    result.add_argument("--recipe", choices=sorted(RECIPES), default="full")
    result.add_argument(
        "--encoder",
        default="roberta-base",
        help="hub name, local folder, project checkpoint, or a config .json to train from nothing",
    )
    result.add_argument("--cleaning", choices=sorted(PROFILES), default="plain")
    result.add_argument("--max-length", type=int, help="tokens; else 256 (seed) or 512 (full)")
    result.add_argument("--pooling", choices=["cls", "mean", "cls_mean"])
    result.add_argument("--keep-frozen", action="store_true", help="never unfreeze the encoder")
    result.add_argument("--epochs", type=float, help="of every stage, instead of the recipe's")
    result.add_argument("--r-drop", type=float, help="instead of the recipe's")
    result.add_argument("--encoder-dropout", type=float, help="instead of the recipe's")
    result.add_argument("--class-weights", choices=["none", "balanced"], default="none")
    add_recipe_options(result, steps=None, learning_rate=None, ema=0.99)
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Run the recipe from the command line."""
    command(lambda: train(_parser().parse_args(argv)))


if __name__ == "__main__":
    main()
