"""The shape of the compact student: a RoBERTa small enough to train on two CPU cores."""

import argparse

from tokenizers import Tokenizer

from handler.checkpoint import Settings
from training.tokenizer import SPECIAL_TOKENS

# The fields of a RoBERTa's config that shape it; everything else is transformers' own business.
ENCODER_FIELDS = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "hidden_act",
    "hidden_dropout_prob", "attention_probs_dropout_prob", "bos_token_id", "pad_token_id",
    "eos_token_id",
)  # fmt: skip


def add_student_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that describe a student built anew."""
    parser.add_argument("--vocab-size", type=int, default=16384, help="pieces of a new tokenizer")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--max-length", type=int, default=512, help="tokens, special ones included")
    parser.add_argument("--pooling", choices=["cls", "mean", "cls_mean"], default="mean")


def student_settings(
    labels: tuple[str, ...], tokenizer: Tokenizer, arguments: argparse.Namespace
) -> Settings:
    """Return the settings of a compact RoBERTa for these labels and this tokenizer."""
    # Pad is also what positions start after: 512 tokens need 514 positions.
    begin, pad, end = SPECIAL_TOKENS[:3]
    encoder = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": arguments.width,
        "num_hidden_layers": arguments.layers,
        "num_attention_heads": arguments.heads,
        "intermediate_size": 4 * arguments.width,
        "max_position_embeddings": arguments.max_length + 2,
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
        # One or two passes over the text leave nothing to overfit: dropout only costs time here.
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "bos_token_id": tokenizer.token_to_id(begin),
        "pad_token_id": tokenizer.token_to_id(pad),
        "eos_token_id": tokenizer.token_to_id(end),
    }
    return Settings(
        labels=labels, encoder=encoder, max_length=arguments.max_length, pooling=arguments.pooling
    )
