"""The token-budget batch plan, and the way back from it to the order of the request."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.batching import in_request_order, plan_batches


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


@given(st.lists(st.integers(1, 600), max_size=60), st.integers(1, 1000))
def test_batches_hold_the_budget_and_come_back_in_order(lengths: list[int], budget: int) -> None:
    plan = list(plan_batches(lengths, budget))
    assert sorted(index for batch in plan for index in batch) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in batch) <= budget or len(batch) == 1 for batch in plan)
    if lengths:
        parts = [np.array([[index] for index in batch], np.float32) for batch in plan]
        assert in_request_order(parts, plan)[:, 0].tolist() == list(range(len(lengths)))
