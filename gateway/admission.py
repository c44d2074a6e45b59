"""How many requests may be at TorchServe at once: the others are told at once to come back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import GatewayError


class Admission:
    """A fixed number of places; who finds none gets 429 instead of a place in a growing queue."""

    def __init__(self, places: int, retry_after: int) -> None:
        self._places = places
        self._retry_after = retry_after
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """Return how many requests are at TorchServe now."""
        return self._taken

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one place for the length of a `with` block; raises GatewayError if none is free."""
        self._take()
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1

    def _take(self) -> None:
        with self._lock:
            if self._taken < self._places:
                self._taken += 1
                return
        raise GatewayError(
            429,
            "queue_full",
            f"Expected fewer than {self._places} requests at once, found no free place; "
            f"try again in {self._retry_after} s.",
            self._retry_after,
        )
