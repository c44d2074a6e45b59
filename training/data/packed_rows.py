"""Pack documents into rows of one length: no padding, every token of a batch is learned from."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.data.corpus import Corpus
from training.data.readers import DataError


@dataclass(frozen=True)
class Rows:
    """An endless sequence of batches of packed rows; batch `n` depends on `n` and the seed alone.

    Each row is `<s>` and then the next `length - 1` tokens of the shuffled documents, with `</s>`
    after every document (RoBERTa's FULL-SENTENCES, Liu et al. 2019).
    """

    corpus: Corpus
    length: int
    rows: int
    begin: int
    end: int
    seed: int
    _epochs: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(
        default_factory=dict, repr=False
    )

    def __post_init__(self) -> None:
        if self.per_epoch < 1:
            tokens = int(self.corpus.starts[-1]) + len(self.corpus)
            raise DataError(
                f"expected text for at least one batch of {self.rows} rows of {self.length} "
                f"tokens, found {tokens} tokens; lower --batch-tokens or add text."
            )

    @property
    def per_epoch(self) -> int:
        """Batches in one pass over the documents; what is left over comes up in another pass."""
        tokens = int(self.corpus.starts[-1]) + len(self.corpus)
        return tokens // (self.length - 1) // self.rows

    def __getitem__(self, number: int) -> NDArray[np.int64]:
        """Return batch `number`, (rows, length) token ids."""
        epoch, place = divmod(number, self.per_epoch)
        order, ends = self._of_epoch(epoch)
        width = self.length - 1
        batch = np.empty((self.rows, self.length), dtype=np.int64)
        batch[:, 0] = self.begin
        tokens = self._tokens(order, ends, place * self.rows * width, self.rows * width)
        batch[:, 1:] = tokens.reshape(self.rows, width)
        return batch

    def _of_epoch(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if epoch not in self._epochs:
            self._epochs.clear()
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self.corpus))
            self._epochs[epoch] = order, np.cumsum(self.corpus.lengths[order] + 1)
        return self._epochs[epoch]

    def _tokens(
        self, order: NDArray[np.int64], ends: NDArray[np.int64], start: int, count: int
    ) -> NDArray[np.int64]:
        """Return `count` tokens of the shuffled stream from `start`."""
        first, last = np.searchsorted(ends, [start, start + count - 1], side="right")
        parts: list[NDArray[np.integer]] = []
        for document in order[first : last + 1]:
            parts += [self.corpus[int(document)], np.array([self.end])]
        skipped = start - (int(ends[first - 1]) if first else 0)
        return np.concatenate(parts)[skipped : skipped + count].astype(np.int64)
