"""Turn a BERT encoder into a RoBERTa encoder that computes the same hidden states, exactly.

Both are the same network. RoBERTa counts positions from its padding id + 1, so the position table
gets that many rows of zeros in front; every token is of BERT's first type, the only one kept.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel

from handler.errors import CheckpointError

_POSITIONS = "embeddings.position_embeddings.weight"
_TYPES = "embeddings.token_type_embeddings.weight"
_SAME = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "layer_norm_eps", "hidden_act", "hidden_dropout_prob", "attention_probs_dropout_prob",
    "pad_token_id",
)  # fmt: skip


def convert_bert(bert: BertModel) -> RobertaModel:
    """Return a RobertaModel with the weights of a BERT; raises CheckpointError if it differs."""
    first = _checked_padding(bert.config) + 1
    state = bert.state_dict()
    positions = state[_POSITIONS]
    state[_POSITIONS] = torch.cat([positions.new_zeros(first, positions.shape[1]), positions])
    state[_TYPES] = state[_TYPES][:1]
    config = RobertaConfig(
        **{name: getattr(bert.config, name) for name in _SAME},
        max_position_embeddings=first + bert.config.max_position_embeddings,
        type_vocab_size=1,
    )
    roberta = RobertaModel(config, add_pooling_layer=False)
    roberta.load_state_dict(_without_buffers(state, roberta))
    return roberta


def _without_buffers(state: dict[str, Tensor], roberta: RobertaModel) -> dict[str, Tensor]:
    """Leave out the pooler, which classifiers do not use, and the tables of indices."""
    kept = {name: tensor for name, tensor in state.items() if not name.startswith("pooler.")}
    buffers = dict(roberta.named_buffers())
    return {**kept, **{name: tensor for name, tensor in buffers.items() if name in state}}


def _checked_padding(config: BertConfig) -> int:
    _require(config, "position_embedding_type", "absolute")
    _require(config, "is_decoder", False)
    _require(config, "add_cross_attention", False)
    if config.pad_token_id is None:
        raise CheckpointError(
            "expected a BERT with a padding id, from which RoBERTa counts positions, found none; "
            "set pad_token_id in its config.json."
        )
    return config.pad_token_id


def _require(config: BertConfig, name: str, expected: Any) -> None:
    found = getattr(config, name, expected)
    if found != expected:
        raise CheckpointError(
            f"expected a BERT with {name} {expected!r}, found {found!r}: RoBERTa's layout cannot "
            "hold it exactly; take another encoder, or use this one as a teacher."
        )
