"""The networks: a RoBERTa encoder or a BiLSTM, each under a small classification head."""

import itertools
from typing import Any

import torch
from torch import Tensor, nn
from transformers import RobertaConfig, RobertaModel

from handler.checkpoint import Pooling, Settings


class ReviewClassifier(nn.Module):
    """RoBERTa encoder, pooling and head: (batch, length) token ids to (batch, labels) logits."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        config = RobertaConfig(**settings.encoder)
        self.encoder = RobertaModel(config, add_pooling_layer=False)
        self.pooling: Pooling = settings.pooling
        width = config.hidden_size * (2 if settings.pooling == "cls_mean" else 1)
        self.head = build_head(width, settings.head_sizes, len(settings.labels), settings.dropout)

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


class BiLSTMClassifier(nn.Module):
    """The tutorial's light model: embedding, bidirectional LSTM, last state of each direction."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        sizes: dict[str, Any] = settings.encoder
        self.pad_token_id: int = sizes["pad_token_id"]
        self.embedding = nn.Embedding(
            sizes["vocab_size"], sizes["embedding_size"], self.pad_token_id
        )
        # As Keras does. With PyTorch's unit variance, rare words' noise drowns what is learned.
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        self.lstm = nn.LSTM(
            sizes["embedding_size"], sizes["hidden_size"], batch_first=True, bidirectional=True
        )
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(2 * sizes["hidden_size"], len(settings.labels))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the logits of each review; `attention_mask` is 0 at padding."""
        embedded = self.dropout(self.embedding(input_ids))
        packed = nn.utils.rnn.pack_padded_sequence(
            embedded, attention_mask.sum(1).cpu(), batch_first=True, enforce_sorted=False
        )
        _, (last, _) = self.lstm(packed)
        logits: Tensor = self.head(self.dropout(torch.cat([last[0], last[1]], dim=1)))
        return logits


def build_network(settings: Settings) -> ReviewClassifier | BiLSTMClassifier:
    """Build the untrained network that the settings describe."""
    if settings.architecture == "bilstm":
        return BiLSTMClassifier(settings)
    return ReviewClassifier(settings)


def build_head(width: int, hidden: tuple[int, ...], labels: int, dropout: float) -> nn.Sequential:
    """Build the seed's head: Linear and LayerNorm per size, tanh, dropout, Linear to the labels."""
    layers: list[nn.Module] = [nn.Dropout(dropout)]
    for before, after in itertools.pairwise((width, *hidden)):
        layers += [nn.Linear(before, after), nn.LayerNorm(after)]
    if hidden:
        layers += [nn.Tanh(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear((width, *hidden)[-1], labels))


def seed_head_sizes(width: int) -> tuple[int, int]:
    """Return the seed's head sizes for an encoder's width: 768 gives (256, 64)."""
    return width // 3, width // 12


def pool(hidden: Tensor, attention_mask: Tensor, pooling: Pooling) -> Tensor:
    """Reduce (batch, length, width) to (batch, width), or twice the width for `cls_mean`."""
    cls = hidden[:, 0]
    if pooling == "cls":
        return cls
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * mask).sum(1) / mask.sum(1)
    return mean if pooling == "mean" else torch.cat([cls, mean], dim=1)
