"""Group reviews of similar length under a token budget, and put results back into request order."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def plan_batches(lengths: Sequence[int], token_budget: int) -> Iterator[list[int]]:
    """Yield indices, longest reviews first, so that each batch holds at most `token_budget` tokens.

    Longest first: the largest allocation comes first, and two workers end at nearly the same time.
    A review longer than the budget gets a batch of its own.
    """
    batch: list[int] = []
    tokens = 0
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and tokens + lengths[index] > token_budget:
            yield batch
            batch, tokens = [], 0
        batch.append(index)
        tokens += lengths[index]
    if batch:
        yield batch


def in_request_order(
    parts: Sequence[NDArray[np.float32]], plan: Sequence[list[int]]
) -> NDArray[np.float32]:
    """Undo a plan: row i of the result is the one that batch and place of review i gave."""
    rows = np.concatenate(parts)
    ordered = np.empty_like(rows)
    ordered[[index for batch in plan for index in batch]] = rows
    return ordered
