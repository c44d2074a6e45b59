"""The tutorial's light network, a bidirectional LSTM over whole words."""

from typing import Any

import torch
from torch import Tensor, nn

from handler.checkpoint import Settings


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
