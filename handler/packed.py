"""The RoBERTa classifier on packed reviews: one row of tokens without padding, attention per review.

The same forward pass runs in fp32 and bf16 on a CPU and in bf16 or fp16 on a GPU; only the attention
function differs. Where the pooling reads nothing but the first token, the last layer computes
nothing but that token's row: the result is the same, the cost a twelfth lower on twelve layers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import RobertaConfig
from transformers.models.roberta.modeling_roberta import RobertaLayer

from handler.checkpoint import Pooling
from handler.network import ReviewClassifier


@dataclass(frozen=True)
class Packing:
    """Several reviews laid end to end: (tokens,) ids and positions, and where each review starts."""

    ids: Tensor
    positions: Tensor
    starts: Tensor
    lengths: tuple[int, ...]


# query (queries, heads, size), key and value (tokens, heads, size); queries are all tokens or one per review
Attention = Callable[[Tensor, Tensor, Tensor, Packing], Tensor]


def pack(reviews: Sequence[Sequence[int]], first_position: int, device: torch.device) -> Packing:
    """Lay reviews end to end; `first_position` is RoBERTa's offset, padding id + 1."""
    lengths = [len(review) for review in reviews]
    ids = torch.tensor([token for review in reviews for token in review], dtype=torch.int32)
    positions = (
        torch.cat([torch.arange(length, dtype=torch.int32) for length in lengths]) + first_position
    )
    starts = torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32)
    move = {"device": device, "non_blocking": True}
    return Packing(ids.to(**move), positions.to(**move), starts.to(**move), tuple(lengths))


def attend_each(query: Tensor, key: Tensor, value: Tensor, packing: Packing) -> Tensor:
    """Attend within each review, one after another: on a CPU no padding is the fastest padding."""
    one_query_each = query.shape[0] != key.shape[0]
    parts = zip(
        query.split([1] * len(packing.lengths) if one_query_each else packing.lengths),
        key.split(packing.lengths),
        value.split(packing.lengths),
        strict=True,
    )
    attended = [
        functional.scaled_dot_product_attention(*(_heads_first(x) for x in part)) for part in parts
    ]
    return torch.cat([part[0].transpose(0, 1) for part in attended])


class PackedLayer(nn.Module):
    """One post-norm encoder layer on packed tokens, its three input projections fused into one."""

    def __init__(self, layer: RobertaLayer) -> None:
        super().__init__()
        attention = layer.attention.self
        projections = (attention.query, attention.key, attention.value)
        self.weight = nn.Parameter(torch.cat([projection.weight for projection in projections]))
        self.bias = nn.Parameter(torch.cat([projection.bias for projection in projections]))
        self.heads: int = attention.num_attention_heads
        self.attention_output = layer.attention.output.dense
        self.attention_norm = layer.attention.output.LayerNorm
        self.up = layer.intermediate.dense
        self.activation = layer.intermediate.intermediate_act_fn
        self.down = layer.output.dense
        self.output_norm = layer.output.LayerNorm

    def forward(
        self, hidden: Tensor, packing: Packing, attend: Attention, rows: Tensor | None
    ) -> Tensor:
        """Return the layer's output, (tokens, width), or only its `rows`."""
        width = hidden.shape[1]
        if rows is None:
            query, key, value = functional.linear(hidden, self.weight, self.bias).split(width, 1)
        else:
            key, value = functional.linear(hidden, self.weight[width:], self.bias[width:]).split(
                width, 1
            )
            hidden = hidden[rows]
            query = functional.linear(hidden, self.weight[:width], self.bias[:width])
        attended = attend(
            self._heads(query), self._heads(key), self._heads(value), packing
        ).flatten(1)
        hidden = self.attention_norm(hidden + self.attention_output(attended))
        return self.output_norm(hidden + self.down(self.activation(self.up(hidden))))

    def _heads(self, projected: Tensor) -> Tensor:
        return projected.unflatten(1, (self.heads, -1))


class PackedClassifier(nn.Module):
    """Embeddings, packed layers, pooling and head of a ReviewClassifier; shares nothing with it afterwards."""

    def __init__(
        self, network: ReviewClassifier, dtype: torch.dtype, attend: Attention = attend_each
    ) -> None:
        super().__init__()
        config: RobertaConfig = network.encoder.config
        embeddings = network.encoder.embeddings
        self.first_position: int = config.pad_token_id + 1
        self.words = embeddings.word_embeddings
        # Every token is of type 0: its embedding is folded into the positions.
        positions = (
            embeddings.position_embeddings.weight + embeddings.token_type_embeddings.weight[0]
        )
        self.positions = nn.Embedding.from_pretrained(positions.detach())
        self.norm = embeddings.LayerNorm
        self.layers = nn.ModuleList(PackedLayer(layer) for layer in network.encoder.encoder.layer)
        self.pooling: Pooling = network.pooling
        self.attend = attend
        self.to(dtype)
        # The head is small, and its logits are what has to be exact.
        self.head = network.head.float()

    def forward(self, packing: Packing) -> Tensor:
        """Return the logits of the packed reviews, (reviews, labels), in fp32."""
        hidden = self.norm(self.words(packing.ids) + self.positions(packing.positions))
        for layer in self.layers[:-1]:
            hidden = layer(hidden, packing, self.attend, rows=None)
        if self.pooling == "cls":
            pooled = self.layers[-1](hidden, packing, self.attend, rows=packing.starts[:-1])
        else:
            pooled = self._pool(self.layers[-1](hidden, packing, self.attend, rows=None), packing)
        logits: Tensor = self.head(pooled.float())
        return logits

    def _pool(self, hidden: Tensor, packing: Packing) -> Tensor:
        mean = torch.stack([part.float().mean(0) for part in hidden.split(packing.lengths)])
        if self.pooling == "mean":
            return mean
        return torch.cat([hidden[packing.starts[:-1]].float(), mean], dim=1)


def _heads_first(tokens: Tensor) -> Tensor:
    return tokens.transpose(0, 1).unsqueeze(0)
