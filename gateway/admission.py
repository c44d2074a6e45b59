"""Who may send work to TorchServe, how much of it at once, and in which order.

A request is admitted if the work ahead of it is done soon; anybody else is told at once when to
come back. What is admitted goes to TorchServe in pieces. Of those only a quarter of a second's work
is there at a time: TorchServe answers in the order of arrival and makes one batch of all it has, so
a review that comes after a bulk of others waits for that quarter of a second and no more.

Order is fair twice, by start-time fair queueing (Goyal et al. 1996): between callers, each gets the
same share of the work done; between the requests of one caller, each as if it had the caller's
share to itself. A request's pieces all count as late as its last one: the shorter ends sooner, of
two equal ones the first, and none waits for ever.
"""

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from contract.cost import OVERHEAD
from gateway.crowd import Crowd
from gateway.errors import GatewayError
from gateway.pace import SECONDS_IN_FLIGHT, Pace

# Requests that fit into one piece are admitted up to this number whatever they cost: those of one
# full batch, and two that ask why. The last of them waits for all others.
ALWAYS_ADMITTED: Final = 34
# In a crowd both are less: half of the work in flight, and of the requests always admitted.
SHARE_IN_CROWD: Final = 0.5
ALWAYS_ADMITTED_IN_CROWD: Final = 16
# A request may wait for as many others of its own size, and at most this long (seconds).
WAIT_PER_OWN_SECOND: Final = 32
LONGEST_WAIT: Final = 30.0
# If the model turns out slower than it was taken for, a request none of which has been sent to it
# is refused after this long (seconds): it will not be answered in the time that clients wait.
LATEST_BEGIN: Final = 45.0
# One that has begun is given up if its next piece has no turn for so long (seconds).
LONGEST_PAUSE: Final = 60.0
# Pieces at TorchServe at once: tiny reviews cost little, but each is a connection.
MOST_PIECES: Final = 64
_GONE_CHECK_SECONDS: Final = 0.1


def _stays() -> bool:
    return False


@dataclass(eq=False)
class Ticket:
    """One piece of work that waits for its turn."""

    place: "Place"
    cost: int
    turn: threading.Event = field(default_factory=threading.Event)
    let_through: bool = False


@dataclass(eq=False)
class Line:
    """The work of one caller: `served` so far, and what is not done yet, by size of request."""

    served: float
    clock: float = 0.0
    requests: int = 0
    quick: int = 0
    bulk: int = 0
    waiting: list[tuple[float, int, Ticket]] = field(default_factory=list)


@dataclass(eq=False)
class Place:
    """One admitted request: what of it is not sent or not done yet, and when it would be done."""

    line: Line
    left: int
    is_quick: bool
    gone: Callable[[], bool]
    unsent: int
    has_begun: bool = False
    finish: float | None = None
    since: float = field(default_factory=time.monotonic)


class Admission:
    """Admits requests by the work ahead of them, and lets their pieces through in a fair order."""

    def __init__(
        self,
        places: int,
        retry_after: int,
        pace: Pace | None = None,
        crowd: Crowd | None = None,
        most_pieces: int = MOST_PIECES,
    ) -> None:
        self.pace = pace or Pace()
        self._crowd = crowd or Crowd()
        self._most_pieces = most_pieces
        self._places = places
        self._retry_after = retry_after
        self._lines: dict[str, Line] = {}
        self._requests = 0
        self._quick_requests = 0
        self._in_flight = 0
        self._pieces = 0
        self._served = 0.0
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """Return how many requests are admitted now."""
        return self._requests

    @contextmanager
    def place(
        self, cost: int = 1, caller: str = "", gone: Callable[[], bool] = _stays
    ) -> Iterator[Place]:
        """Hold a place for the length of a `with` block; raises GatewayError (429) if none is free.

        `gone` tells whether the client has hung up: what it still waits for is then left undone.
        """
        with self._lock:
            place = self._admit(cost, caller, gone)
        try:
            yield place
        finally:
            with self._lock:
                self._leave(place, caller)

    def require_room(self, caller: str) -> None:
        """Raise GatewayError (429) if not even a caller's shortest review would get a place."""
        with self._lock:
            line = self._lines.get(caller) or Line(self._served)
            self._require_room(line, OVERHEAD, is_quick=True)

    @contextmanager
    def turn(self, place: Place, cost: int = 1) -> Iterator[None]:
        """Wait until a piece may go to TorchServe, and count it there for the `with` block.

        Raises GatewayError (499) if the client has hung up by then.
        """
        with self._lock:
            ticket = self._line_up(place, cost)
            self._let_through()
        try:
            self._wait(place, ticket)
            yield
        finally:
            with self._lock:
                self._finish(place, ticket)
                self._let_through()

    def _admit(self, cost: int, caller: str, gone: Callable[[], bool]) -> Place:
        line = self._lines.get(caller) or Line(self._served)
        is_quick = cost <= self.pace.piece
        self._require_room(line, cost, is_quick)
        self._lines[caller] = line
        line.requests += 1
        self._requests += 1
        self._quick_requests += is_quick
        _add(line, is_quick, cost)
        return Place(line, cost, is_quick, gone, unsent=cost)

    def _require_room(self, line: Line, cost: int, is_quick: bool) -> None:
        if self._requests >= self._places:
            raise GatewayError(
                429,
                "queue_full",
                f"Expected fewer than {self._places} requests at once, found no free place; "
                f"try again in {self._retry_after} s.",
                self._retry_after,
            )
        if is_quick and self._quick_requests < self._always_admitted():
            return
        wait = self.pace.seconds(self._work_ahead(line, cost, is_quick))
        patience = self._patience(cost, is_quick)
        if wait > patience:
            self._crowd.turned_away()
            raise self._too_much(wait, patience)

    def _always_admitted(self) -> int:
        return ALWAYS_ADMITTED_IN_CROWD if self._crowd.is_there else ALWAYS_ADMITTED

    def _share(self) -> float:
        return SHARE_IN_CROWD if self._crowd.is_there else 1.0

    def _work_ahead(self, line: Line, cost: int, is_quick: bool) -> int:
        """Return what is done before the last piece of a new request has its turn."""
        own = line.quick if is_quick else line.quick + line.bulk
        others = (other for other in self._lines.values() if other is not line)
        return own + sum(min(other.quick + other.bulk, own + cost) for other in others)

    def _patience(self, cost: int, is_quick: bool) -> float:
        if is_quick:
            return SECONDS_IN_FLIGHT * self._share()
        return min(LONGEST_WAIT, SECONDS_IN_FLIGHT + WAIT_PER_OWN_SECOND * self.pace.seconds(cost))

    def _too_much(self, wait: float, patience: float) -> GatewayError:
        seconds = max(self._retry_after, min(60, math.ceil(wait - patience)))
        return GatewayError(
            429,
            "queue_full",
            f"Expected at most {patience:.2g} s of work ahead of this request, found {wait:.2g} s; "
            f"try again in {seconds} s.",
            seconds,
        )

    def _leave(self, place: Place, caller: str) -> None:
        line = place.line
        line.requests -= 1
        self._requests -= 1
        self._quick_requests -= place.is_quick
        _add(line, place.is_quick, -place.left)
        if not line.requests:
            del self._lines[caller]

    def _line_up(self, place: Place, cost: int) -> Ticket:
        line, ticket = place.line, Ticket(place, cost)
        if not line.waiting:
            line.served = max(line.served, self._served)
        if place.finish is None:
            place.finish = line.clock + place.unsent
        heapq.heappush(line.waiting, (place.finish, next(self._numbers), ticket))
        return ticket

    def _let_through(self) -> None:
        while waiting := [line for line in self._lines.values() if line.waiting]:
            line = min(waiting, key=lambda line: line.served)
            finish, _, ticket = line.waiting[0]
            if not self._has_room(ticket.cost):
                return
            heapq.heappop(line.waiting)
            ticket.place.has_begun = True
            ticket.place.unsent = max(0, ticket.place.unsent - ticket.cost)
            line.clock = max(line.clock, finish - ticket.place.unsent)
            self._served = line.served
            line.served += ticket.cost
            self._in_flight += ticket.cost
            self._pieces += 1
            ticket.let_through = True
            ticket.turn.set()

    def _has_room(self, cost: int) -> bool:
        if not self._pieces:
            return True
        budget = self.pace.budget * self._share()
        return self._pieces < self._most_pieces and self._in_flight + cost <= budget

    def _wait(self, place: Place, ticket: Ticket) -> None:
        lined_up = time.monotonic()
        while not ticket.turn.wait(_GONE_CHECK_SECONDS):
            if place.gone():
                raise client_gone()
            since, longest = (
                (lined_up, LONGEST_PAUSE) if place.has_begun else (place.since, LATEST_BEGIN)
            )
            if time.monotonic() - since > longest:
                raise self._too_much(longest, LONGEST_WAIT)

    def _finish(self, place: Place, ticket: Ticket) -> None:
        line = place.line
        if ticket.let_through:
            self._in_flight -= ticket.cost
            self._pieces -= 1
            done = min(ticket.cost, place.left)
            place.left -= done
            _add(line, place.is_quick, -done)
            self.pace.finished(ticket.cost, any(each.waiting for each in self._lines.values()))
        else:
            line.waiting = [entry for entry in line.waiting if entry[2] is not ticket]
            heapq.heapify(line.waiting)


def client_gone() -> GatewayError:
    """Return what ends the work for a client that has hung up; nobody reads it."""
    return GatewayError(499, "client_gone", "Expected a client that waits, found it gone.")


def _add(line: Line, is_quick: bool, cost: int) -> None:
    if is_quick:
        line.quick += cost
    else:
        line.bulk += cost
