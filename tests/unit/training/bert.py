"""Folders as Hugging Face publishes BERT models, with random weights: nothing is downloaded."""

from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerFast

from training.models.tiny_bert import SPECIAL_PIECES, as_bert, random_bert, word_pieces

WORDS = (
    *("the", "film", "was", "great", "lovely", "awful", "boring", "good"),
    *("and", "not", "bad", "a", "of", "it", "!", "."),
)
SMALL: dict[str, Any] = {
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}


def save_bert(folder: Path, **changes: Any) -> Path:
    """Save a random BERT without a pooler and a WordPiece tokenizer that cuts at 12 tokens."""
    tokenizer = make_tokenizer()
    model = random_bert(tokenizer, **{**SMALL, **changes})
    for parameter in model.parameters():  # by default all hidden states are nearly alike
        torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Return a lower-casing WordPiece tokenizer of few words."""
    pieces = (*SPECIAL_PIECES, *WORDS)
    backend = word_pieces({piece: number for number, piece in enumerate(pieces)})
    backend.enable_truncation(12)
    return as_bert(backend)
