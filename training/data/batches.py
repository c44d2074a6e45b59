"""Draw batches of similar length under a token budget, the same ones for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handler.checkpoint import Truncation
from handler.encoding import truncate
from training.data.readers import DataError

# Lengths are sorted within pools of this many texts: little padding, yet batches stay random.
_POOL = 4_000
_MULTIPLE = 8


@dataclass(frozen=True)
class Batches:
    """An endless, reproducible sequence of batches: batch `n` depends on `n` and the seed alone."""

    lengths: NDArray[np.int64]
    tokens: int
    seed: int
    _epoch: dict[int, list[NDArray[np.int64]]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.tokens < int(self.lengths.max()):
            raise DataError(
                f"expected a budget of at least the longest text ({int(self.lengths.max())} "
                f"tokens), found {self.tokens}"
            )

    @property
    def per_epoch(self) -> int:
        """Batches in each epoch, a fixed number so that `n` maps to epoch and place."""
        return len(self._of_epoch(0))

    def __getitem__(self, number: int) -> NDArray[np.int64]:
        epoch, place = divmod(number, self.per_epoch)
        batches = self._of_epoch(epoch)
        return batches[place % len(batches)]

    def _of_epoch(self, epoch: int) -> list[NDArray[np.int64]]:
        if epoch not in self._epoch:
            self._epoch[epoch] = _epoch_batches(self.lengths, self.tokens, self.seed, epoch)
            for old in [key for key in self._epoch if key not in (0, epoch)]:
                del self._epoch[old]
        return self._epoch[epoch]


def _epoch_batches(
    lengths: NDArray[np.int64], tokens: int, seed: int, epoch: int
) -> list[NDArray[np.int64]]:
    generator = np.random.default_rng((seed, epoch))
    order = generator.permutation(len(lengths))
    batches = []
    for pool in np.array_split(order, max(1, len(order) // _POOL)):
        batches += by_length(pool, lengths, tokens)
    generator.shuffle(batches)
    return batches


def by_length(
    indices: NDArray[np.int64], lengths: NDArray[np.int64], tokens: int
) -> list[NDArray[np.int64]]:
    """Sort by length and cut into batches of at most `tokens`, padding counted."""
    batches: list[list[int]] = [[]]
    for index in indices[np.argsort(lengths[indices], kind="stable")]:
        if batches[-1] and (len(batches[-1]) + 1) * padded(int(lengths[index])) > tokens:
            batches.append([])
        batches[-1].append(int(index))
    return [np.array(batch) for batch in batches]


def padded(length: int) -> int:
    """Round a length up to the multiple that the matrix kernels like."""
    return -(-length // _MULTIPLE) * _MULTIPLE


def stack(rows: Sequence[NDArray[Any]], fill: float, length: int) -> Tensor:
    """Stack rows of different length into a (rows, length) tensor, filled up at the end."""
    stacked = np.full((len(rows), length, *rows[0].shape[1:]), fill, dtype=rows[0].dtype)
    for line, row in zip(stacked, rows, strict=True):
        line[: len(row)] = row
    return torch.from_numpy(stacked)


@lru_cache(maxsize=1 << 17)
def kept_positions(length: int, room: int, truncation: Truncation) -> NDArray[np.int64]:
    """Return which of `length` pieces survive truncation, by the rule that serving uses."""
    return np.array(truncate(list(range(length)), room, truncation), dtype=np.int64)
