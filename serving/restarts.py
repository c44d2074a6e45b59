"""How often a server that died is started again, and after which pause."""

import time
from collections.abc import Callable
from typing import Final

PAUSES: Final = (0.0, 1.0, 2.0, 5.0, 10.0)
MOST: Final = 10
WINDOW_SECONDS: Final = 600.0


class Restarts:
    """At most ten starts anew in ten minutes for each server: more, and something is wrong with it.

    The first death is answered at once, the next ones after pauses that grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._moments: dict[str, list[float]] = {}

    def pause(self, name: str) -> float | None:
        """Return the seconds to wait before the server is started again, None to give up."""
        now = self._clock()
        recent = [each for each in self._moments.get(name, []) if now - each < WINDOW_SECONDS]
        if len(recent) >= MOST:
            return None
        self._moments[name] = [*recent, now]
        close = sum(now - each < WINDOW_SECONDS / MOST for each in recent)
        return PAUSES[min(close, len(PAUSES) - 1)]
