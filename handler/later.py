"""Small work that no answer should wait for: collected, and done a few times each second."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

logger = logging.getLogger(__name__)

PERIOD_SECONDS: Final = 0.25


class Later:
    """Keeps calls in order and makes them in a thread of its own, or at once by `make_calls`."""

    def __init__(self, period: float = PERIOD_SECONDS) -> None:
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._one_at_a_time = threading.Lock()
        self._period = period
        threading.Thread(target=self._run, name="later", daemon=True).start()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Have a function called soon; what it returns is dropped, what it raises is logged."""
        self._calls.put(partial(function, *arguments))

    def make_calls(self) -> None:
        """Make every call asked for so far; returns when the last one has ended."""
        with self._one_at_a_time:
            while not self._calls.empty():
                try:
                    self._calls.get_nowait()()
                except Exception:
                    logger.exception("A call that was put off has failed.")

    def _run(self) -> None:
        while True:
            time.sleep(self._period)
            self.make_calls()
