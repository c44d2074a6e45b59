"""Waits for all connections at once, and asks only those that something may have changed for.

waitress' own loop asks every connection before each wait what it waits for: with hundreds of silent
ones that is most of what the reading thread does, and it takes the cores from the model.
"""

import select
from contextlib import suppress
from typing import Any, Final

from waitress.wasyncore import readwrite

_READ: Final = select.EPOLLIN | select.EPOLLPRI


class EventLoop(dict[int, Any]):
    """A map of sockets as waitress keeps it, by their numbers, and the loop that serves them.

    What says that it is `at_rest` is asked again after its next event, or after `stir`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._events = select.epoll()
        self._flags: dict[int, int] = {}
        self._lively: set[int] = set()

    def __setitem__(self, number: int, each: Any) -> None:
        """Add a socket, maybe under the number of one that has been closed."""
        super().__setitem__(number, each)
        self._flags.pop(number, None)
        self._lively.add(number)

    def stir(self) -> None:
        """Ask everybody once: something has changed without an event."""
        self._lively.update(self)

    def turn(self, seconds: float) -> None:
        """Wait for events for so long at most, and let those that they are for handle them."""
        self._ask_lively()
        for number, flags in self._events.poll(seconds):
            each = self.get(number)
            if each is not None:
                self._lively.add(number)
                readwrite(each, flags)

    def _ask_lively(self) -> None:
        again: set[int] = set()
        while self._lively:
            number = self._lively.pop()
            each = self.get(number)
            if each is not None:
                self._watch(number, each)
                if not getattr(each, "at_rest", False):
                    again.add(number)
        self._lively = again

    def _watch(self, number: int, each: Any) -> None:
        """Wait for what a socket waits for now."""
        reads, writes = each.readable(), each.writable() and not each.accepting
        flags = (_READ if reads else 0) | (select.EPOLLOUT if writes else 0)
        before = self._flags.get(number)
        if flags == before:
            return
        self._flags[number] = flags
        with suppress(OSError):  # closed meanwhile: epoll has forgotten it already
            if before is None:
                self._events.register(number, flags)
            else:
                self._events.modify(number, flags)
