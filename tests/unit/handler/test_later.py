"""Work that is put off: in order, soon, and no failure stops the rest."""

import threading

import pytest

from handler.later import Later

NEVER = 3600.0


def test_calls_are_made_in_order() -> None:
    made: list[int] = []
    later = Later(NEVER)
    for number in range(3):
        later.call(made.append, number)
    assert made == []
    later.make_calls()
    assert made == [0, 1, 2]


def test_calls_are_made_without_being_asked_for() -> None:
    made = threading.Event()
    later = Later(0.001)
    later.call(made.set)
    assert made.wait(10)


def test_failure_is_logged_and_the_next_call_is_made(caplog: pytest.LogCaptureFixture) -> None:
    made: list[int] = []
    later = Later(NEVER)
    later.call(int, "no number")
    later.call(made.append, 1)
    later.make_calls()
    assert made == [1]
    assert "put off has failed" in caplog.text
