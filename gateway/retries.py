"""A bound on what is sent twice: a fault that hits every request must not double the load."""

import threading
from typing import Final

# As many as one batch holds, when a worker dies with it; a tenth of all requests on the long run.
_MOST: Final = 64.0
_PER_SUCCESS: Final = 0.1


class RetryBudget:
    """A bucket that each success fills a little, and each second try takes one from."""

    def __init__(self) -> None:
        self._left = _MOST
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Return whether one more second try may be made."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def saw_success(self) -> None:
        """Take note of a request that was answered."""
        with self._lock:
            self._left = min(_MOST, self._left + _PER_SUCCESS)
