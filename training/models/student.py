"""The shape of the compact student: a RoBERTa small enough to train on two CPU cores."""

from dataclasses import dataclass

from tokenizers import Tokenizer

from handler.checkpoint import Pooling, Settings
from training.data.tokenizer import SPECIAL_TOKENS
from training.options import option

# The fields of a RoBERTa's config that shape it; everything else is transformers' own business.
ENCODER_FIELDS = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "hidden_act",
    "hidden_dropout_prob", "attention_probs_dropout_prob", "bos_token_id", "pad_token_id",
    "eos_token_id",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StudentOptions:
    """The shape of a student that is built anew."""

    vocab_size: int = option(16384, "pieces of a new tokenizer")
    layers: int = option(3, "of the encoder")
    width: int = option(256, "of its hidden states")
    heads: int = option(4, "of its attention")
    max_length: int = option(512, "tokens, special ones included")
    pooling: Pooling = option("mean", "what the head reads")


def student_settings(
    labels: tuple[str, ...], tokenizer: Tokenizer, shape: StudentOptions
) -> Settings:
    """Return the settings of a compact RoBERTa for these labels and this tokenizer."""
    # Pad is also what positions start after: 512 tokens need 514 positions.
    begin, pad, end = SPECIAL_TOKENS[:3]
    encoder = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": 4 * shape.width,
        "max_position_embeddings": shape.max_length + 2,
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
        labels=labels, encoder=encoder, max_length=shape.max_length, pooling=shape.pooling
    )
