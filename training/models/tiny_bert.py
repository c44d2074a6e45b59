"""A tiny BERT with random weights: an encoder for trying everything without a network."""

from collections.abc import Iterable
from typing import Any, Final

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

SPECIAL_PIECES: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def random_bert(tokenizer: PreTrainedTokenizerFast, **shape: Any) -> BertModel:
    """Return a BERT without a pooler, as BertConfig shapes it, always with the same weights."""
    torch.manual_seed(0)
    return BertModel(BertConfig(vocab_size=len(tokenizer), **shape), add_pooling_layer=False)


def fit_word_pieces(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Fit a lower-casing WordPiece tokenizer of at most `vocab_size` pieces."""
    tokenizer = word_pieces({})
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size, special_tokens=list(SPECIAL_PIECES), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return as_bert(tokenizer)


def word_pieces(vocabulary: dict[str, int]) -> Tokenizer:
    """Return BERT's tokenizer for a vocabulary."""
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def as_bert(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """Return a tokenizer as transformers loads it, with BERT's special tokens around each text."""
    ends = [(piece, tokenizer.token_to_id(piece)) for piece in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    build: Any = PreTrainedTokenizerFast
    made: PreTrainedTokenizerFast = build(
        tokenizer_object=tokenizer, **dict(zip(names, SPECIAL_PIECES, strict=True))
    )
    return made
