"""The load generator, a process of its own: `python -m benchmarks.load < load.json > samples.json`.

Raw HTTP/1.1 over kept-alive sockets, one thread for each client: it shares the cores with what it
measures, so it must cost little. Closed loop: each client sends its next request when it has the
answer. Open loop: requests start at fixed arrival times, and waiting in line counts as latency.
"""

import json
import random
import re
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

DURATIONS: Final = re.compile(r"(?:tokenize|inference);dur=([\d.]+)")
LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
CLOSES: Final = re.compile(rb"connection: *close", re.IGNORECASE)
BLANK_LINE: Final = b"\r\n\r\n"
RECEIVE_BYTES: Final = 65536
SECONDS_PER_READ: Final = 150.0
# In an open loop: more requests than this under way, and the next ones wait in line.
MOST_CONNECTIONS: Final = 512


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
class Outcome:
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

    def send(self, index: int, body: str, started: float | None = None) -> Sample:
        """Send one request; a lost connection or a late answer is status 0."""
        content = body.encode()
        message = f"{self._head}Content-Length: {len(content)}\r\n\r\n".encode() + content
        started = started or time.perf_counter()
        try:
            connection = self._take()
            head = exchange(connection, message)
        except (OSError, EOFError):
            return Sample(index, 0, time.perf_counter() - started, 0.0)
        latency = time.perf_counter() - started
        self._idle.append(connection)
        return Sample(index, int(head[9:12]), latency, model_seconds(head))

    def close(self) -> None:
        """Close every connection, those that failed included."""
        for connection in self._opened:
            connection.close()

    def _take(self) -> socket.socket:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=SECONDS_PER_READ)
        self._opened.append(connection)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def exchange(connection: socket.socket, message: bytes) -> str:
    """Send a request and read the whole answer; returns its head. Raises OSError or EOFError."""
    connection.sendall(message)
    answer = b""
    while BLANK_LINE not in answer:
        answer += _receive(connection)
    head, _, body = answer.partition(BLANK_LINE)
    length = LENGTH.search(head)
    if length is None or CLOSES.search(head):
        raise EOFError("this server does not keep connections")
    missing = int(length[1]) - len(body)
    while missing > 0:
        missing -= len(_receive(connection))
    return head.decode("latin-1")


def _receive(connection: socket.socket) -> bytes:
    received = connection.recv(RECEIVE_BYTES)
    if not received:
        raise EOFError("the server closed the connection")
    return received


def model_seconds(head: str) -> float:
    """Return the handler's own tokenization and inference, from the header Server-Timing."""
    line = re.search(r"server-timing: *(.*)", head, re.IGNORECASE)
    return sum(float(value) for value in DURATIONS.findall(line[1])) / 1e3 if line else 0.0


def run_load(load: Load) -> Outcome:
    """Send the load; returns when every request that was started has ended."""
    client = Client(load)
    client.open(load.clients)
    start = time.perf_counter()
    if load.arrivals_per_second is None:
        samples = _closed_loop(client, load, start)
    else:
        samples = _open_loop(client, load, load.arrivals_per_second, start)
    seconds = time.perf_counter() - start
    client.close()
    return Outcome(seconds, samples)


def _closed_loop(client: Client, load: Load, start: float) -> list[Sample]:
    pending = deque(enumerate(load.bodies))

    def act() -> list[Sample]:
        samples: list[Sample] = []
        while time.perf_counter() - start <= load.limit_s:
            try:
                index, body = pending.popleft()
            except IndexError:
                break
            samples.append(client.send(index, body))
        return samples

    with ThreadPoolExecutor(load.clients) as pool:
        acting = [pool.submit(act) for _ in range(load.clients)]
        return [sample for each in acting for sample in each.result()]


def _open_loop(client: Client, load: Load, per_second: float, start: float) -> list[Sample]:
    with ThreadPoolExecutor(MOST_CONNECTIONS) as pool:
        sending = []
        for index, arrival in enumerate(arrival_times(per_second, len(load.bodies))):
            if arrival > load.limit_s:
                break
            time.sleep(max(0.0, start + arrival - time.perf_counter()))
            sending.append(pool.submit(client.send, index, load.bodies[index], start + arrival))
        return [each.result() for each in sending]


def arrival_times(per_second: float, count: int, seed: int = 0) -> Iterator[float]:
    """Yield seconds of arrivals at random (Poisson), the same ones every time."""
    order, now = random.Random(seed), 0.0
    for _ in range(count):
        now += order.expovariate(per_second)
        yield now


def main() -> None:
    """Read the load from standard input and write its outcome to standard output."""
    outcome = run_load(Load(**json.load(sys.stdin)))
    json.dump(asdict(outcome), sys.stdout)


def read_outcome(text: str) -> Outcome:
    """Return the outcome that a load generator wrote."""
    content: dict[str, Any] = json.loads(text)
    return Outcome(content["seconds"], [Sample(**sample) for sample in content["samples"]])


if __name__ == "__main__":
    main()
