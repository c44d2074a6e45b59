"""When refusals are a crowd, and what that changes for those who are let in."""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from gateway.admission import ALWAYS_ADMITTED, ALWAYS_ADMITTED_IN_CROWD, Admission
from gateway.crowd import REFUSALS, Crowd
from gateway.errors import GatewayError
from gateway.pace import Pace


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("refusals", "every", "later", "expected"),
    [
        (REFUSALS, 0.001, 0.0, True),
        (REFUSALS - 1, 0.001, 0.0, False),
        (REFUSALS, 0.001, 1.1, False),
        (10 * REFUSALS, 0.001, 0.0, True),
        (10 * REFUSALS, 1.0, 0.0, False),
    ],
    ids=["many at once", "one too few", "a while ago", "a flood", "who waits before a new try"],
)
def test_a_crowd_is_so_many_refusals_within_a_second(
    refusals: int, every: float, later: float, expected: bool
) -> None:
    clock = Clock()
    crowd = Crowd(clock)
    for _ in range(refusals):
        clock.now += every
        crowd.turned_away()
    clock.now += later
    assert crowd.is_there == expected


def admitted(admission: Admission, caller: str, cost: int) -> int:
    """Return how many requests of a caller are let in before the first refusal."""
    with ExitStack() as held:
        for number in range(200):
            try:
                held.enter_context(admission.place(cost, caller))
            except GatewayError:
                return number
    raise AssertionError("every request was admitted")


def test_in_a_crowd_half_as_many_are_let_in_until_it_has_gone() -> None:
    clock = Clock()
    admission = Admission(256, 1, crowd=Crowd(clock))
    cost = Pace().budget // ALWAYS_ADMITTED  # time and number bound the line at the same length
    usual = admitted(admission, "many", cost)
    for _ in range(REFUSALS):
        admitted(admission, "many", cost)
    in_crowd = admitted(admission, "many", cost)
    assert usual >= ALWAYS_ADMITTED
    assert in_crowd == pytest.approx(usual / 2, abs=1)
    clock.now += 2
    assert admitted(admission, "many", cost) == usual


def test_a_crowd_of_one_caller_keeps_nobody_else_out() -> None:
    admission = Admission(128, 1)
    with ExitStack() as held:
        for _ in range(128):
            try:
                held.enter_context(admission.place(1_000, "many"))
            except GatewayError:
                assert admission.taken >= ALWAYS_ADMITTED_IN_CROWD
        held.enter_context(admission.place(1_000, "somebody else"))
