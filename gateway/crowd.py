"""Whether so many are being turned away that those who are let in had better be fewer.

What is let in waits for all that was let in before it. A few dozen callers who each wait for their
answer are all let in; when many more come than can be served, a shorter line serves as many in a
second, and each of them sooner.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

# So many refusals within a second are a crowd: callers who wait before they come again are not.
REFUSALS: Final = 32
_SECONDS: Final = 1.0


class Crowd:
    """Remembers the last refusals."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._moments: deque[float] = deque(maxlen=REFUSALS)

    def turned_away(self) -> None:
        """Take note of a refusal."""
        self._moments.append(self._clock())

    @property
    def is_there(self) -> bool:
        """Return whether there is a crowd now."""
        full = len(self._moments) == REFUSALS
        return full and self._clock() - self._moments[0] < _SECONDS
