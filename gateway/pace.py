"""How much work the model gets done in a second, measured while more than enough is waiting."""

import time
from collections.abc import Callable
from typing import Final

# Work at TorchServe at once, in seconds: the batch that is being scored and the next one. It is
# what a review that comes last has to wait for, and enough to keep the worker busy.
SECONDS_IN_FLIGHT: Final = 0.25
# A guess on the low side, until something has been measured; the unit is that of contract.cost.
FIRST_GUESS: Final = 100_000.0
SMALLEST_BUDGET: Final = 16_000
LARGEST_BUDGET: Final = 2_000_000
_WINDOW_SECONDS: Final = 1.0
_PIECES_IN_FLIGHT: Final = 4


class Pace:
    """The rate of the worker, a mean in which recent seconds count more than old ones.

    Only seconds in which work was waiting count: an idle worker is not a slow one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = FIRST_GUESS
        self._clock = clock
        self._since: float | None = None
        self._done = 0

    @property
    def budget(self) -> int:
        """How much work may be at TorchServe at once."""
        fitting = int(self.per_second * SECONDS_IN_FLIGHT)
        return max(SMALLEST_BUDGET, min(LARGEST_BUDGET, fitting))

    @property
    def piece(self) -> int:
        """How much of a list is sent as one request."""
        return self.budget // _PIECES_IN_FLIGHT

    def seconds(self, cost: int) -> float:
        """Return how long this much work takes."""
        return cost / self.per_second

    def finished(self, cost: int, others_wait: bool) -> None:
        """Take note of work that was done, and whether more was waiting at that moment."""
        now = self._clock()
        if not others_wait:
            self._since = None
        elif self._since is None:
            self._since, self._done = now, 0
        else:
            self._done += cost
            self._measure(now, now - self._since)

    def _measure(self, now: float, elapsed: float) -> None:
        if elapsed >= _WINDOW_SECONDS:
            self.per_second = (self.per_second + self._done / elapsed) / 2
            self._since, self._done = now, 0
