"""Requests at moments of their own, whatever has become of the earlier ones: an open loop.

One thread serves all connections: at hundreds of arrivals in a second, threads that wake each other
would take the cores from what is measured, and would themselves be what is slow.
"""

import random
import select
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from socket import socket
from typing import Final

from benchmarks.http_client import (
    SECONDS_PER_READ,
    Client,
    Load,
    Sample,
    head_of,
    model_seconds,
    receive,
    status_of,
)

# More requests than this under way, and the next ones wait in line.
MOST_CONNECTIONS: Final = 512


@dataclass
class Exchange:
    """A request under way, and what has come of its answer; it began when it should have."""

    index: int
    began: float
    connection: socket
    answer: bytes = b""


class OpenLoop:
    """Sends each body at its moment; waiting for a connection counts as latency."""

    def __init__(self, client: Client, load: Load) -> None:
        self._client = client
        self._bodies = load.bodies
        self._under_way: dict[int, Exchange] = {}
        self._events = select.epoll()
        self._watched: set[int] = set()
        self._samples: list[Sample] = []

    def run(self, moments: deque[float]) -> list[Sample]:
        """Send the first bodies, one at each moment; returns when every one has ended."""
        index = 0
        last = time.perf_counter()
        while moments or self._under_way:
            now = time.perf_counter()
            may_begin = bool(moments) and len(self._under_way) < MOST_CONNECTIONS
            if may_begin and moments[0] <= now:
                self._begin(index, moments.popleft())
                index, last = index + 1, now
            elif self._read(_pause(moments[0] - now) if may_begin else 1.0):
                last = now
            elif now - last > SECONDS_PER_READ:
                self._give_up()
        self._events.close()
        return self._samples

    def _begin(self, index: int, moment: float) -> None:
        try:
            connection = self._client.take()
            connection.sendall(self._client.message(self._bodies[index]))
        except OSError:
            self._samples.append(Sample(index, 0, time.perf_counter() - moment, 0.0))
            return
        number = connection.fileno()
        self._under_way[number] = Exchange(index, moment, connection)
        if number not in self._watched:
            self._watched.add(number)
            self._events.register(number, select.EPOLLIN)

    def _read(self, pause: float) -> bool:
        found = self._events.poll(pause)
        for number, _ in found:
            if number in self._under_way:
                self._read_one(self._under_way[number])
            else:  # closed by the server between two requests: the next one finds out
                self._forget(number)
        return bool(found)

    def _read_one(self, exchange: Exchange) -> None:
        number = exchange.connection.fileno()
        try:
            exchange.answer += receive(exchange.connection)
            head = head_of(exchange.answer)
        except (OSError, EOFError):
            self._forget(number)
            self._end(number, 0, "")
            return
        if head is not None:
            self._client.give_back(exchange.connection)
            self._end(number, status_of(head), head)

    def _end(self, number: int, status: int, head: str) -> None:
        exchange = self._under_way.pop(number)
        latency = time.perf_counter() - exchange.began
        self._samples.append(Sample(exchange.index, status, latency, model_seconds(head)))

    def _forget(self, number: int) -> None:
        self._watched.discard(number)
        self._events.unregister(number)

    def _give_up(self) -> None:
        for number in list(self._under_way):
            self._end(number, 0, "")


def _pause(rest: float) -> float:
    """Return how long to wait for answers; less than a millisecond, epoll's unit, is slept here."""
    if 0 < rest < 0.001:
        time.sleep(rest)
    return max(0.0, int(rest * 1000) / 1000)


def open_loop(client: Client, load: Load, per_second: float, start: float) -> list[Sample]:
    """Send a load at random moments, the same ones every time, until its limit."""
    times = arrival_times(per_second, len(load.bodies))
    moments = deque(start + arrival for arrival in times if arrival <= load.limit_s)
    return OpenLoop(client, load).run(moments)


def arrival_times(per_second: float, count: int, seed: int = 0) -> Iterator[float]:
    """Yield seconds of arrivals at random (Poisson), the same ones every time."""
    order, now = random.Random(seed), 0.0
    for _ in range(count):
        now += order.expovariate(per_second)
        yield now
