"""Clients for trials: requests of which every end is noted, and crowds of them."""

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

LOST = 0  # the status of a request that got no answer


@dataclass(frozen=True)
class Seen:
    """The end of one request: when it came (a monotonic time), after how long, and what it was."""

    status: int
    at: float
    seconds: float
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client:
    """One connection, kept alive as a browser would, opened again when it was lost."""

    def __init__(self, url: str, timeout: float = 90.0, source: str | None = None) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "",
            parts.port,
            timeout=timeout,
            source_address=(source, 0) if source else None,
        )

    def ask(
        self,
        path: str = "/predict",
        body: bytes | None = None,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Seen:
        """Send one request; without an answer its status is LOST."""
        begin = time.monotonic()
        sent = {"Content-Type": "application/json", **(headers or {})}
        try:
            self._connection.request(method or ("POST" if body else "GET"), path, body, sent)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Seen(LOST, time.monotonic(), time.monotonic() - begin)
        end = time.monotonic()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Seen(response.status, end, end - begin, content, named)

    def ask_until_answered(self, body: bytes, attempts: int = 100) -> list[Seen]:
        """Send a review until it is scored, with the pauses that answers ask for."""
        ends = [self.ask(body=body)]
        while ends[-1].status != 200 and len(ends) < attempts:
            time.sleep(float(ends[-1].headers.get("retry-after", "0.5")))
            ends.append(self.ask(body=body))
        return ends

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def crowd(url: str, bodies: Sequence[bytes], clients: int, timeout: float = 90.0) -> list[Seen]:
    """Send bodies by so many clients at once, each body one time; returns every end, in order."""
    ends: list[Seen | None] = [None] * len(bodies)
    waiting = iter(range(len(bodies)))

    def act() -> None:
        client = Client(url, timeout)
        for index in waiting:
            ends[index] = client.ask(body=bodies[index])
        client.close()

    together([act] * clients)
    return [end for end in ends if end is not None]


def together(acts: Iterable[Callable[[], None]]) -> None:
    """Run functions at once, each in its thread, and wait for all; raises what one raised."""
    acts = list(acts)
    with ThreadPoolExecutor(len(acts)) as pool:
        for each in [pool.submit(act) for act in acts]:
            each.result()


class Repeating:
    """A function that a thread calls at fixed moments until it is told to stop."""

    def __init__(self, act: Callable[[], Seen], period: float) -> None:
        self.seen: list[Seen] = []
        self._act = act
        self._period = period
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Repeating":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._period):
            self.seen.append(self._act())


def percentile(seconds: Iterable[float], share: float) -> float:
    """Return the value that this share of all does not exceed; 0 if there is none."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def counts(seen: Iterable[Seen]) -> dict[str, int]:
    """Return how many requests ended with each status."""
    return {str(status): n for status, n in sorted(Counter(s.status for s in seen).items())}


def longest_gap(seen: Iterable[Seen], begin: float) -> float:
    """Return the longest time in which nobody got a 200 (seconds)."""
    moments = [begin, *sorted(each.at for each in seen if each.status == 200)]
    return max((b - a for a, b in itertools.pairwise(moments)), default=float("inf"))
