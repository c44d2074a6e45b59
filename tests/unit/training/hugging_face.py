"""Folders as Hugging Face publishes RoBERTa models, with random weights: nothing is downloaded."""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import RobertaConfig, RobertaModel, RobertaTokenizer

TEXTS = ["the film was great and lovely", "the film was awful and boring"] * 3
BASE: dict[str, Any] = {
    "vocab_size": 50265,
    "max_position_embeddings": 514,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,
}
SMALL: dict[str, Any] = {
    **BASE,
    "vocab_size": 300,
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 66,
}


def save_roberta(folder: Path, shape: dict[str, Any], vocab_size: int | None = None) -> Path:
    """Save an encoder of the shape and a byte-level BPE of the shape's size, or another one."""
    torch.manual_seed(0)
    RobertaModel(RobertaConfig(**shape), add_pooling_layer=False).save_pretrained(folder)
    tokenizer = make_tokenizer(vocab_size or shape["vocab_size"])
    assert len(tokenizer) == (vocab_size or shape["vocab_size"])
    tokenizer.save_pretrained(folder)
    return folder


def make_tokenizer(vocab_size: int) -> RobertaTokenizer:
    """Fit a byte-level BPE and fill it up with pieces that no text has, as roberta-base does."""
    fitted = Tokenizer(models.BPE())
    fitted.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    fitted.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(
            vocab_size=280,
            special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    vocab = fitted.get_vocab()
    vocab |= {f"madeupword{i:05}": i for i in range(len(vocab), vocab_size - 1)}
    vocab["<mask>"] = vocab_size - 1
    merges = [tuple(pair) for pair in json.loads(fitted.to_str())["model"]["merges"]]
    return RobertaTokenizer(vocab=vocab, merges=merges)  # type: ignore[arg-type]
