"""Every trial in its short form: what breaks is answered for, whatever the machine's speed is.

Bars that are times hold on a machine that has nothing else to do; `make trials` tries those.
"""

import pytest

from tests.stack import Stack
from tests.trials.__main__ import SHORT
from tests.trials.results import Result

COUNTS = (
    "504 or lost",
    "maximal never scored",
    "workers replaced",
    "short reviews not scored",
    "ordinary reviews not scored",
    "probes failed",
    "neither scored nor 429",
    "5xx or lost",
    "answers outside the contract",
    "answers outside the document",
    "reviews never scored",
    "wrong verdicts",
    "requests not scored",
    "swaps that failed",
    "errors without Retry-After",
)


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_and_nothing_is_wrong(stack: Stack, name: str) -> None:
    found = SHORT[name](stack)
    results = [found] if isinstance(found, Result) else found
    counted = [bar for result in results for bar in result.bars if bar.what in COUNTS]
    assert counted
    assert [f"{bar.what}: {bar.value:g}" for bar in counted if not bar.holds] == []
