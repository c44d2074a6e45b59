"""Rows of token ids as the network gets them: truncated and framed by serving's rule."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handler.checkpoint import Settings
from handler.encoding import frame_of
from training.data.batches import kept_positions, padded, stack
from training.data.corpus import Corpus


@dataclass(frozen=True)
class Inputs:
    """A corpus seen through a checkpoint's settings."""

    corpus: Corpus
    settings: Settings

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each row, special tokens included."""
        return np.minimum(self.corpus.lengths, self._room) + sum(map(len, self._frame))

    def positions(self, index: int) -> NDArray[np.int64]:
        """Return which pieces of a text its row keeps."""
        pieces = int(self.corpus.starts[index + 1] - self.corpus.starts[index])
        return kept_positions(pieces, self._room, self.settings.truncation)

    def row(self, index: int) -> NDArray[np.int64]:
        """Return one text's token ids, special tokens included."""
        pieces = self.corpus[index][self.positions(index)].astype(np.int64)
        begin, end = self._frame
        return np.concatenate([begin, pieces, end])

    def batch(self, indices: Sequence[int] | NDArray[np.int64]) -> dict[str, Tensor]:
        """Return `input_ids` and `attention_mask`, (rows, padded length)."""
        rows = [self.row(int(index)) for index in indices]
        length = padded(max(len(row) for row in rows))
        lengths = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(length) < lengths.unsqueeze(1)).long()
        return {
            "input_ids": stack(rows, self.settings.encoder["pad_token_id"], length),
            "attention_mask": mask,
        }

    @property
    def _frame(self) -> list[NDArray[np.int64]]:
        return [np.array(ids, np.int64) for ids in frame_of(self.settings)]

    @property
    def _room(self) -> int:
        return self.settings.max_length - sum(map(len, self._frame))
