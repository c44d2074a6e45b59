"""Train the tutorial's light model on whole words: embedding, bidirectional LSTM, linear head.

    python -m training.bilstm --data aclImdb_v1.tar.gz --output run/references/bilstm

A reference, and a second model that packs and serves like the first one. Labels are in sorted
order, as everywhere: `negative` is 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from handler.bilstm import BiLSTMClassifier
from handler.checkpoint import Settings, Truncation
from handler.cleaning import PROFILES
from handler.weights import save_checkpoint
from training.data.batches import Batches
from training.evaluation.labelled import Labelled, labelled
from training.evaluation.temperature import COVERAGE
from training.loop.loop import Outcome, fit, stop_if_interrupted
from training.loop.records import record_stage
from training.objectives.classification import ClassifyTask, class_weights, classifier_of
from training.options import command, option, parse
from training.stages.options import TrainingOptions, begin
from training.teachers.linear import WORD

STAGE: Final = "bilstm"
# The end token is there so that no review is empty, whatever cleaning leaves of it.
SPECIAL_TOKENS: Final = ("<pad>", "<unk>", "</s>")


@dataclass(frozen=True, kw_only=True)
class BilstmOptions(TrainingOptions):
    """The tutorial's light model: its sizes, and how long it is trained."""

    COMMAND: ClassVar[str] = "bilstm"

    output: Path = option(Path("run/references/bilstm"), "folder of this stage")
    learning_rate: float = option(2e-3, "peak, AdamW")
    batch_tokens: int = option(4096, "tokens per batch, padded")
    validate_every: int = option(400, "steps")
    vocab_size: int = option(20_000, "words of the tokenizer")
    embedding_size: int = option(500, "of a word")
    hidden_size: int = option(128, "units each way")
    dropout: float = option(0.3, "before the head")
    max_length: int = option(256, "words, end token included")
    truncation: Truncation = option("head", "which words of a longer review are read")
    cleaning: str = option("plain", "of the texts", choices=sorted(PROFILES))
    class_weights: Literal["none", "balanced"] = option("none", "of the loss")
    epochs: float = option(3.0, "unless steps are given")


def fit_word_tokenizer(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """Collect the most frequent lower-cased words and punctuation, each seen at least twice."""
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
    labels: tuple[str, ...], tokenizer: Tokenizer, options: BilstmOptions
) -> Settings:
    """Return the settings of a BiLSTM for these labels and this tokenizer."""
    encoder = {
        "vocab_size": tokenizer.get_vocab_size(),
        "embedding_size": options.embedding_size,
        "hidden_size": options.hidden_size,
        "pad_token_id": tokenizer.token_to_id("<pad>"),
        "eos_token_id": tokenizer.token_to_id("</s>"),
    }
    return Settings(
        labels=labels,
        encoder=encoder,
        architecture="bilstm",
        cleaning=options.cleaning,
        max_length=options.max_length,
        truncation=options.truncation,
        dropout=options.dropout,
    )


def train_bilstm(dataset: Labelled, held_out: Labelled, options: BilstmOptions) -> Outcome:
    """Train from random weights, selecting by log-loss on the validation part."""
    settings = dataset.inputs.settings
    batches = Batches(dataset.inputs.lengths, options.batch_tokens, options.seed)
    balanced = options.class_weights == "balanced"
    weights = class_weights(dataset.labels, len(settings.labels), balanced)
    steps = options.steps or max(1, round(options.epochs * batches.per_epoch))
    return fit(
        ClassifyTask(BiLSTMClassifier(settings), weights),
        lambda number: dataset.batch(batches[number]),
        options.hyperparameters(steps=steps),
        options.limits(),
        options.output,
        STAGE,
        held_out.evaluate,
    )


def train(options: BilstmOptions) -> Path:
    """Train and write the calibrated checkpoint; returns its folder."""
    splits = begin(options)
    clean = PROFILES[options.cleaning]
    tokenizer = fit_word_tokenizer((clean(r.text) for r in splits.train), options.vocab_size)
    settings = bilstm_settings(splits.labels, tokenizer, options)
    dataset, held_out = (
        labelled(part, settings, tokenizer, options.cache)
        for part in (splits.train, splits.validation)
    )
    outcome = train_bilstm(dataset, held_out, options)
    record_stage(options.output, STAGE, options, splits, outcome)
    stop_if_interrupted(outcome)
    network = classifier_of(outcome.network)
    settings = held_out.calibrated(network, settings, COVERAGE)
    checkpoint: Path = options.output / "checkpoint"
    save_checkpoint(checkpoint, network, settings, tokenizer)
    print(f"wrote {checkpoint}, temperature {settings.temperature:.3f}")
    return checkpoint


def main(argv: Sequence[str] | None = None) -> None:
    """Train the BiLSTM from the command line."""
    command(lambda: train(parse(BilstmOptions, argv, __doc__)))


if __name__ == "__main__":
    main()
