"""Fit the project's own byte-level BPE, RoBERTa's kind of tokenizer, on training text."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import RobertaProcessing

from handler.files import whole_file

# RoBERTa's order: the ids of these five are fixed in every checkpoint of its kind.
SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def fit_tokenizer(texts: Iterable[str], vocab_size: int, lowercase: bool = True) -> Tokenizer:
    """Fit a byte-level BPE of `vocab_size` pieces on texts (Sennrich 2016, Radford 2019)."""
    tokenizer = Tokenizer(models.BPE())
    steps = [normalizers.NFC(), *([normalizers.Lowercase()] if lowercase else [])]
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def kept_tokenizer(path: Path, texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """Fit a tokenizer once and keep it: a run that is resumed needs the one it began with."""
    if not path.exists():
        with whole_file(path) as partial:
            fit_tokenizer(texts, vocab_size).save(str(partial))
    return Tokenizer.from_file(str(path))
