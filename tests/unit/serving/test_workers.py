"""The runner asks for its second worker once, and notices when none comes back."""

import pytest

from serving import workers
from serving.settings import parse_settings
from serving.workers import LOOK_SECONDS, Workers


class Management:
    """Stands in for the management address: so many workers are READY."""

    ready = 0

    def __init__(self, *_: object) -> None:
        self.asked: list[int] = []

    def ready_workers(self) -> int:
        return self.ready

    def scale(self, wished: int) -> None:
        self.asked.append(wished)


class Clock:
    """A time that a test sets."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(workers, "time", clock)
    return clock


@pytest.fixture
def management(monkeypatch: pytest.MonkeyPatch) -> Management:
    management = Management()
    monkeypatch.setattr(workers, "Management", lambda *_: management)
    return management


def looks(watched: Workers, clock: Clock, seconds: float) -> list[bool]:
    """Look at every moment at which there is a look, for so long."""
    found = []
    for _ in range(int(seconds / LOOK_SECONDS)):
        clock.now += LOOK_SECONDS
        found.append(watched.are_stuck())
    return found


def test_the_second_worker_is_asked_for_once(clock: Clock, management: Management) -> None:
    watched = Workers(parse_settings(["--workers", "2"]))
    looks(watched, clock, 20)
    assert management.asked == []
    management.ready = 1
    looks(watched, clock, 60)
    assert management.asked == [2]
    management.ready = 2
    looks(watched, clock, 600)
    assert management.asked == [2]


def test_one_worker_is_left_alone(clock: Clock, management: Management) -> None:
    management.ready = 1
    watched = Workers(parse_settings([]))
    assert not any(looks(watched, clock, 600))
    assert management.asked == []


def test_no_worker_in_the_time_of_a_start_is_stuck_once(
    clock: Clock, management: Management
) -> None:
    watched = Workers(parse_settings(["--startup-timeout", "120"]))
    assert sum(looks(watched, clock, 118)) == 0
    assert sum(looks(watched, clock, 10)) == 1
    assert sum(looks(watched, clock, 100)) == 0
