"""The loop that asks only those connections for which something may have changed."""

import socket
from collections.abc import Iterator

import pytest

from gateway.event_loop import EventLoop


class Reader:
    """One end of a pair of sockets, as waitress' dispatchers are."""

    accepting = False

    def __init__(self, loop: EventLoop) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.asked = 0
        self.wants_to_write = False
        self.received = b""
        self.written = 0
        self.at_rest = True
        loop[self.near.fileno()] = self

    def readable(self) -> bool:
        self.asked += 1
        return True

    def writable(self) -> bool:
        return self.wants_to_write

    def handle_read_event(self) -> None:
        self.received += self.near.recv(100)

    def handle_write_event(self) -> None:
        self.written += 1

    def close(self) -> None:
        self.near.close()
        self.far.close()


@pytest.fixture
def loop() -> EventLoop:
    return EventLoop()


@pytest.fixture
def reader(loop: EventLoop) -> Iterator[Reader]:
    reader = Reader(loop)
    yield reader
    reader.close()


def test_what_comes_is_handled(loop: EventLoop, reader: Reader) -> None:
    reader.far.send(b"a review")
    loop.turn(1.0)
    assert reader.received == b"a review"


def test_one_at_rest_is_asked_again_only_after_an_event(loop: EventLoop, reader: Reader) -> None:
    for _ in range(5):
        loop.turn(0.0)
    assert reader.asked == 1
    reader.far.send(b"x")
    loop.turn(1.0)
    loop.turn(0.0)
    loop.turn(0.0)
    assert reader.asked == 2


def test_one_that_works_is_asked_each_time(loop: EventLoop, reader: Reader) -> None:
    reader.at_rest = False
    loop.turn(0.0)
    reader.wants_to_write = True
    loop.turn(1.0)
    assert reader.written == 1


def test_what_changes_without_an_event_counts_after_a_stir(loop: EventLoop, reader: Reader) -> None:
    loop.turn(0.0)
    reader.wants_to_write = True
    loop.turn(0.0)
    assert reader.written == 0
    loop.stir()
    loop.turn(1.0)
    assert reader.written == 1


def test_a_new_connection_under_an_old_number_is_heard(loop: EventLoop) -> None:
    old = Reader(loop)
    number = old.near.fileno()
    loop.turn(0.0)
    del loop[number]
    old.close()
    new = Reader(loop)
    assert number in (new.near.fileno(), new.far.fileno())
    new.far.send(b"here")
    loop.turn(1.0)
    assert new.received == b"here"
    new.close()
