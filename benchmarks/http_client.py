"""What load generators send, and what they make of the answers: HTTP/1.1 over kept-alive sockets.

A load generator shares the cores with what it measures, so it must cost little.
"""

import re
import socket
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

DURATIONS: Final = re.compile(r"(?:tokenize|inference);dur=([\d.]+)")
LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
CLOSES: Final = re.compile(rb"connection: *close", re.IGNORECASE)
BLANK_LINE: Final = b"\r\n\r\n"
RECEIVE_BYTES: Final = 65536
SECONDS_PER_READ: Final = 150.0


@dataclass(frozen=True)
class Load:
    """What to send: bodies in order, by so many clients, or at so many arrivals per second."""

    url: str
    bodies: list[str]
    clients: int
    headers: dict[str, str] = field(default_factory=dict)
    arrivals_per_second: float | None = None
    #: no request is started later than this
    limit_s: float = 120.0


@dataclass(frozen=True)
class Sample:
    """One request: which one, its status, its latency, and the model's part of it (seconds)."""

    index: int
    status: int
    latency: float
    model: float


@dataclass(frozen=True)
class LoadResult:
    """The samples of a load and the seconds from the first request to the last answer."""

    seconds: float
    samples: list[Sample]

    @property
    def answered(self) -> list[Sample]:
        """The requests that were answered with a verdict."""
        return [sample for sample in self.samples if sample.status == 200]


class Client:
    """Connections to one server, taken and given back; opened when there is none to take."""

    def __init__(self, load: Load) -> None:
        parts = urlsplit(load.url)
        self._address = (parts.hostname, parts.port)
        self._head = "".join(
            [
                f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n",
                "Content-Type: application/json\r\n",
                *(f"{name}: {value}\r\n" for name, value in load.headers.items()),
            ]
        )
        self._idle: deque[socket.socket] = deque()
        self._opened: list[socket.socket] = []

    def open(self, count: int) -> None:
        """Open connections ahead of the first request."""
        self._idle.extend([self._connect() for _ in range(count)])

    def send(self, index: int, body: str) -> Sample:
        """Send one request; a lost connection or a late answer is status 0."""
        message = self.message(body)
        started = time.perf_counter()
        try:
            connection = self.take()
            head = exchange(connection, message)
        except (OSError, EOFError):
            return Sample(index, 0, time.perf_counter() - started, 0.0)
        latency = time.perf_counter() - started
        self.give_back(connection)
        return Sample(index, status_of(head), latency, model_seconds(head))

    def message(self, body: str) -> bytes:
        """Return a whole request."""
        content = body.encode()
        return f"{self._head}Content-Length: {len(content)}\r\n\r\n".encode() + content

    def take(self) -> socket.socket:
        """Return a connection that nobody uses; raises OSError if none can be had."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def give_back(self, connection: socket.socket) -> None:
        """Keep a connection whose answer has been read for the next request."""
        self._idle.append(connection)

    def close(self) -> None:
        """Close every connection, those that failed included."""
        for connection in self._opened:
            connection.close()

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=SECONDS_PER_READ)
        self._opened.append(connection)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def exchange(connection: socket.socket, message: bytes) -> str:
    """Send a request and read the whole answer; returns its head. Raises OSError or EOFError."""
    connection.sendall(message)
    answer = b""
    while (head := head_of(answer)) is None:
        answer += receive(connection)
    return head


def receive(connection: socket.socket) -> bytes:
    """Return what has come; raises OSError or EOFError."""
    received = connection.recv(RECEIVE_BYTES)
    if not received:
        raise EOFError("the server closed the connection")
    return received


def head_of(answer: bytes) -> str | None:
    """Return the head of an answer that is whole, else None; EOFError if it is the last one."""
    head, blank, body = answer.partition(BLANK_LINE)
    if not blank:
        return None
    length = LENGTH.search(head)
    if length is None or CLOSES.search(head):
        raise EOFError("this server does not keep connections")
    return head.decode("latin-1") if len(body) >= int(length[1]) else None


def status_of(head: str) -> int:
    """Return an answer's status."""
    return int(head[9:12])


def model_seconds(head: str) -> float:
    """Return the handler's own tokenization and inference, from the header Server-Timing."""
    line = re.search(r"server-timing: *(.*)", head, re.IGNORECASE)
    return sum(float(value) for value in DURATIONS.findall(line[1])) / 1e3 if line else 0.0
