"""Group reviews of similar length under a token budget, and put results back into request order."""

from collections.abc import Iterator, Sequence


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
