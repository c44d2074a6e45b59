"""Train the tutorial's light model on whole words: embedding, bidirectional LSTM, linear head.

    python -m training.bilstm --data aclImdb_v1.tar.gz --output run/references/bilstm

A reference, and a second model that packs and serves like the first one. Labels are in sorted
order, as everywhere: `negative` is 0.
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from handler.checkpoint import Settings
from handler.cleaning import PROFILES
from handler.network import BiLSTMClassifier
from handler.weights import save_checkpoint
from training.batches import Batches
from training.classification import ClassifyTask, class_weights, classifier_of
from training.labelled import Labelled, labelled
from training.linear import WORD
from training.loop import Outcome, fit, stop_if_interrupted
from training.options import add_recipe_options, command, limits_of, parser, recipe_of, splits_of
from training.records import record_stage

STAGE: Final = "bilstm"
# The end token is there so that no review is empty, whatever cleaning leaves of it.
SPECIAL_TOKENS: Final = ("<pad>", "<unk>", "</s>")


def fit_word_tokenizer(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """Collect the most frequent lower-cased words and sentence marks, each seen at least twice."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    # Inverted and "removed": what matches is a token, what lies between is dropped.
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD.pattern), "removed", invert=True)
    trainer = trainers.WordLevelTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=list(SPECIAL_TOKENS),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def bilstm_settings(
    labels: tuple[str, ...], tokenizer: Tokenizer, arguments: argparse.Namespace
) -> Settings:
    """Return the settings of a BiLSTM for these labels and this tokenizer."""
    encoder = {
        "vocab_size": tokenizer.get_vocab_size(),
        "embedding_size": arguments.embedding_size,
        "hidden_size": arguments.hidden_size,
        "pad_token_id": tokenizer.token_to_id("<pad>"),
        "eos_token_id": tokenizer.token_to_id("</s>"),
    }
    return Settings(
        labels=labels,
        encoder=encoder,
        architecture="bilstm",
        cleaning=arguments.cleaning,
        max_length=arguments.max_length,
        truncation=arguments.truncation,
        dropout=arguments.dropout,
    )


def train_bilstm(material: Labelled, held_out: Labelled, arguments: argparse.Namespace) -> Outcome:
    """Train from random weights, selecting by log-loss on the validation part."""
    settings = material.inputs.settings
    batches = Batches(material.inputs.lengths, arguments.batch_tokens, arguments.seed)
    balanced = arguments.class_weights == "balanced"
    weights = class_weights(material.labels, len(settings.labels), balanced)
    steps = arguments.steps or max(1, round(arguments.epochs * batches.per_epoch))
    return fit(
        ClassifyTask(BiLSTMClassifier(settings), weights),
        lambda number: material.batch(batches[number]),
        recipe_of(arguments, steps=steps),
        limits_of(arguments),
        arguments.output,
        STAGE,
        held_out.judge,
    )


def train(arguments: argparse.Namespace) -> Path:
    """Train and write the calibrated checkpoint; returns its folder."""
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    splits = splits_of(arguments)
    clean = PROFILES[arguments.cleaning]
    tokenizer = fit_word_tokenizer((clean(r.text) for r in splits.train), arguments.vocab_size)
    settings = bilstm_settings(splits.labels, tokenizer, arguments)
    material, held_out = (
        labelled(part, settings, tokenizer, arguments.cache)
        for part in (splits.train, splits.validation)
    )
    outcome = train_bilstm(material, held_out, arguments)
    record_stage(arguments.output, STAGE, arguments, splits, outcome)
    stop_if_interrupted(outcome)
    network = classifier_of(outcome.network)
    temperature = held_out.temperature(network)
    checkpoint: Path = arguments.output / "checkpoint"
    save_checkpoint(checkpoint, network, replace(settings, temperature=temperature), tokenizer)
    print(f"wrote {checkpoint}, temperature {temperature:.3f}")
    return checkpoint


def _parser() -> argparse.ArgumentParser:
    result = parser(__doc__, "run/references/bilstm")
    result.add_argument("--vocab-size", type=int, default=20_000, help="words of the tokenizer")
    result.add_argument("--embedding-size", type=int, default=500)
    result.add_argument("--hidden-size", type=int, default=128, help="units each way")
    result.add_argument("--dropout", type=float, default=0.3)
    result.add_argument("--max-length", type=int, default=256, help="words, end token included")
    result.add_argument("--truncation", choices=["head", "head_tail"], default="head")
    result.add_argument("--cleaning", choices=sorted(PROFILES), default="plain")
    result.add_argument("--class-weights", choices=["none", "balanced"], default="none")
    result.add_argument("--epochs", type=float, default=3.0, help="unless --steps is given")
    add_recipe_options(result, steps=None, learning_rate=2e-3, ema=0.99)
    result.set_defaults(batch_tokens=4096, validate_every=400)
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Train the BiLSTM from the command line."""
    command(lambda: train(_parser().parse_args(argv)))


if __name__ == "__main__":
    main()
