"""The network: a RoBERTa encoder under a small classification head."""

import itertools
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from transformers import RobertaConfig, RobertaModel

from handler.checkpoint import Pooling, Settings

if TYPE_CHECKING:
    from handler.bilstm import BiLSTMClassifier


class ReviewClassifier(nn.Module):
    """RoBERTa encoder, pooling and head: (batch, length) token ids to (batch, labels) logits."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        config = RobertaConfig(**settings.encoder)
        self.encoder = RobertaModel(config, add_pooling_layer=False)
        self.pooling: Pooling = settings.pooling
        width = config.hidden_size * (2 if settings.pooling == "cls_mean" else 1)
        self.head = _head_of(settings, width)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the logits of each review; `attention_mask` is 0 at padding."""
        return self.classify(self.hidden_states(input_ids, attention_mask), attention_mask)

    def hidden_states(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the encoder's last layer, (batch, length, width)."""
        output: Tensor = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
        return output

    def classify(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        """Pool the hidden states and apply the head."""
        logits: Tensor = self.head(pool(hidden, attention_mask, self.pooling))
        return logits


def build_network(settings: Settings) -> "ReviewClassifier | BiLSTMClassifier":
    """Build the untrained network that the settings describe."""
    if settings.architecture == "bilstm":
        from handler.bilstm import BiLSTMClassifier  # a worker that serves another needs none of it

        return BiLSTMClassifier(settings)
    return ReviewClassifier(settings)


def _head_of(settings: Settings, width: int) -> nn.Sequential:
    if settings.head == "standard":
        return build_head(width, (width,), len(settings.labels), settings.dropout, norms=False)
    return build_head(width, settings.head_sizes, len(settings.labels), settings.dropout)


def build_head(
    width: int, hidden: tuple[int, ...], labels: int, dropout: float, norms: bool = True
) -> nn.Sequential:
    """Build a head: Linear and LayerNorm per size, tanh, dropout, Linear to the labels.

    Without norms and with one size, the width, it computes what RobertaForSequenceClassification's
    head does.
    """
    layers: list[nn.Module] = [nn.Dropout(dropout)]
    for before, after in itertools.pairwise((width, *hidden)):
        layers += [nn.Linear(before, after), *([nn.LayerNorm(after)] if norms else [])]
    if hidden:
        layers += [nn.Tanh(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear((width, *hidden)[-1], labels))


def tutorial_head_sizes(width: int) -> tuple[int, int]:
    """Return the tutorial's head sizes for an encoder's width: 768 gives (256, 64)."""
    return width // 3, width // 12


def pool(hidden: Tensor, attention_mask: Tensor, pooling: Pooling) -> Tensor:
    """Reduce (batch, length, width) to (batch, width), or twice the width for `cls_mean`."""
    cls = hidden[:, 0]
    if pooling == "cls":
        return cls
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * mask).sum(1) / mask.sum(1)
    return mean if pooling == "mean" else torch.cat([cls, mean], dim=1)
