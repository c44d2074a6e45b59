"""The worker's rate counts only while more than enough is waiting."""

from gateway.pace import FIRST_GUESS, LARGEST_BUDGET, SMALLEST_BUDGET, Pace


class Clock:
    """A time that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def run(pace: Pace, clock: Clock, cost: int, seconds: float, others_wait: bool) -> None:
    """Finish this much work in ten steps."""
    for _ in range(10):
        clock.now += seconds / 10
        pace.finished(cost // 10, others_wait)


def test_a_busy_worker_is_measured() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(20):
        run(pace, clock, 50_000, 1.0, others_wait=True)
    assert abs(pace.per_second - 50_000) < 5_000
    assert pace.budget == SMALLEST_BUDGET
    assert abs(pace.seconds(50_000) - 1.0) < 0.1


def test_an_idle_worker_is_not_a_slow_one() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(20):
        run(pace, clock, 10, 1.0, others_wait=False)
    assert pace.per_second == FIRST_GUESS


def test_a_fast_device_gets_more_at_once_up_to_a_bound() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(20):
        run(pace, clock, 4_000_000, 1.0, others_wait=True)
    assert 900_000 < pace.budget <= 1_000_000
    for _ in range(20):
        run(pace, clock, 100_000_000, 1.0, others_wait=True)
    assert pace.budget == LARGEST_BUDGET
    assert pace.piece == LARGEST_BUDGET // 4
