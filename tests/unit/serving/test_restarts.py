"""A server that dies is started again soon, and not for ever."""

from serving.restarts import MOST, WINDOW_SECONDS, Restarts


class Clock:
    """A time that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_death_is_answered_at_once_and_the_next_ones_after_growing_pauses() -> None:
    restarts = Restarts(Clock())
    assert [restarts.pause("TorchServe") for _ in range(6)] == [0, 1, 2, 5, 10, 10]
    assert restarts.pause("the gateway") == 0


def test_a_server_that_dies_again_and_again_is_given_up() -> None:
    restarts = Restarts(Clock())
    for _ in range(MOST):
        assert restarts.pause("TorchServe") is not None
    assert restarts.pause("TorchServe") is None


def test_deaths_of_long_ago_are_forgotten() -> None:
    clock = Clock()
    restarts = Restarts(clock)
    for _ in range(5 * MOST):
        assert restarts.pause("TorchServe") == 0
        clock.now += 1.1 * WINDOW_SECONDS / MOST
