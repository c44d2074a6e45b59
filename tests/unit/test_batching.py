"""The token-budget batch plan."""

import pytest

from handler.batching import plan_batches


@pytest.mark.parametrize(
    ("lengths", "budget", "expected"),
    [
        ([], 8, []),
        ([3], 8, [[0]]),
        ([2, 5, 3], 8, [[1, 2], [0]]),
        ([4, 4, 4], 8, [[0, 1], [2]]),
        ([9, 1, 1], 8, [[0], [1, 2]]),
    ],
)
def test_fills_batches_longest_first(
    lengths: list[int], budget: int, expected: list[list[int]]
) -> None:
    assert list(plan_batches(lengths, budget)) == expected


def test_every_review_is_in_exactly_one_batch() -> None:
    lengths = [(7 * i) % 256 + 1 for i in range(128)]
    batches = list(plan_batches(lengths, 1024))
    assert sorted(i for batch in batches for i in batch) == list(range(128))
    assert all(sum(lengths[i] for i in batch) <= 1024 for batch in batches)
