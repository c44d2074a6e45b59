"""The load generator, a process of its own: `python -m benchmarks.load < load.json > samples.json`.

Raw HTTP/1.1 over kept-alive connections of one asyncio loop: it shares the cores with what it
measures, so it must cost little. Closed loop: each client sends its next request when it has the
answer. Open loop: requests start at fixed arrival times, and waiting in line counts as latency.
"""

import asyncio
import json
import random
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

DURATIONS: Final = re.compile(r"(?:tokenize|inference);dur=([\d.]+)")
SECONDS_PER_REQUEST: Final = 150.0
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


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
        self._idle: list[Stream] = []

    async def open(self, count: int) -> None:
        """Open connections ahead of the first request."""
        self._idle += [await self._connect() for _ in range(count)]

    async def send(self, index: int, body: str, started: float | None = None) -> Sample:
        """Send one request; a lost connection or a late answer is status 0."""
        started = started or time.perf_counter()
        try:
            async with asyncio.timeout(SECONDS_PER_REQUEST):
                stream = self._idle.pop() if self._idle else await self._connect()
                status, head = await self._exchange(stream, body.encode())
        except (OSError, EOFError, TimeoutError):
            return Sample(index, 0, time.perf_counter() - started, 0.0)
        latency = time.perf_counter() - started
        self._idle.append(stream)
        return Sample(index, status, latency, model_seconds(head))

    def close(self) -> None:
        """Close what is open."""
        for _, writer in self._idle:
            writer.close()

    async def _connect(self) -> Stream:
        return await asyncio.open_connection(*self._address)

    async def _exchange(self, stream: Stream, body: bytes) -> tuple[int, str]:
        reader, writer = stream
        writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = re.search(r"content-length: *(\d+)", head)
        if length is None or "connection: close" in head:
            raise EOFError("this server does not keep connections")
        await reader.readexactly(int(length[1]))
        return int(head[9:12]), head


def model_seconds(head: str) -> float:
    """Return the handler's own tokenization and inference, from the header Server-Timing."""
    line = re.search(r"server-timing: *(.*)", head, re.IGNORECASE)
    return sum(float(value) for value in DURATIONS.findall(line[1])) / 1e3 if line else 0.0


async def run_load(load: Load) -> Outcome:
    """Send the load; returns when every request that was started has ended."""
    client = Client(load)
    await client.open(load.clients)
    start = time.perf_counter()
    if load.arrivals_per_second is None:
        samples = await _closed_loop(client, load, start)
    else:
        samples = await _open_loop(client, load, start)
    seconds = time.perf_counter() - start
    client.close()
    return Outcome(seconds, samples)


async def _closed_loop(client: Client, load: Load, start: float) -> list[Sample]:
    pending = iter(enumerate(load.bodies))
    samples: list[Sample] = []

    async def act() -> None:
        for index, body in pending:
            if time.perf_counter() - start > load.limit_s:
                return
            samples.append(await client.send(index, body))

    await asyncio.gather(*(act() for _ in range(load.clients)))
    return samples


async def _open_loop(client: Client, load: Load, start: float) -> list[Sample]:
    assert load.arrivals_per_second is not None
    tasks = []
    for index, arrival in enumerate(arrival_times(load.arrivals_per_second, len(load.bodies))):
        if arrival > load.limit_s:
            break
        await asyncio.sleep(max(0.0, start + arrival - time.perf_counter()))
        tasks.append(asyncio.create_task(client.send(index, load.bodies[index], start + arrival)))
    return list(await asyncio.gather(*tasks))


def arrival_times(per_second: float, count: int, seed: int = 0) -> Iterator[float]:
    """Yield seconds of arrivals at random (Poisson), the same ones every time."""
    order, now = random.Random(seed), 0.0
    for _ in range(count):
        now += order.expovariate(per_second)
        yield now


def main() -> None:
    """Read the load from standard input and write its outcome to standard output."""
    outcome = asyncio.run(run_load(Load(**json.load(sys.stdin))))
    json.dump(asdict(outcome), sys.stdout)


def read_outcome(text: str) -> Outcome:
    """Return the outcome that a load generator wrote."""
    content: dict[str, Any] = json.loads(text)
    return Outcome(content["seconds"], [Sample(**sample) for sample in content["samples"]])


if __name__ == "__main__":
    main()
