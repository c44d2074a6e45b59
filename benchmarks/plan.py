"""How much is measured: one plan for a trial, one for `make bench`, one for `make bench-full`."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# A closed loop keeps clients × reviews in the queue: more than this says nothing new.
MOST_IN_FLIGHT: Final = 4096
MOST_REQUESTS: Final = 20_000


@dataclass(frozen=True)
class Plan:
    """Sizes of every part; seconds are targets, not limits."""

    rounds: int
    base_reviews: int
    shipped_reviews: int
    latency_reviews: int
    answers: int
    cells: tuple[tuple[int, int], ...]
    cell_seconds: float
    bar_rounds: int
    bar_reviews: int
    one_client_reviews: int
    one_client_rounds: int
    loads: tuple[float, ...]
    load_seconds: float
    all_peers: bool = False


CLIENTS: Final = (1, 8, 32, 128)
SIZES: Final = (1, 16, 128)


def grid(clients: tuple[int, ...], sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Return the pairs of clients and reviews per request that are worth their time."""
    return tuple((c, s) for s in sizes for c in clients if c * s <= MOST_IN_FLIGHT)


TINY: Final = Plan(
    rounds=2, base_reviews=4, shipped_reviews=16, latency_reviews=3, answers=40,
    cells=((1, 1), (8, 1), (1, 16)), cell_seconds=0.5,
    bar_rounds=1, bar_reviews=8, one_client_reviews=4, one_client_rounds=2,
    loads=(0.5,), load_seconds=2.0,
)  # fmt: skip
BENCH: Final = Plan(
    rounds=3, base_reviews=12, shipped_reviews=64, latency_reviews=6, answers=1000,
    cells=((1, 1), (8, 1), (32, 1), (128, 1), (1, 16), (8, 16), (1, 128)), cell_seconds=2.0,
    bar_rounds=3, bar_reviews=128, one_client_reviews=6, one_client_rounds=24,
    loads=(0.5, 0.8, 0.95), load_seconds=5.0,
)  # fmt: skip
FULL: Final = Plan(
    rounds=5, base_reviews=64, shipped_reviews=512, latency_reviews=64, answers=25_000,
    cells=grid(CLIENTS, SIZES), cell_seconds=8.0,
    bar_rounds=5, bar_reviews=128, one_client_reviews=6, one_client_rounds=64,
    loads=(0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.1), load_seconds=20.0, all_peers=True,
)  # fmt: skip


def requests_for(clients: int, size: int, reviews_per_second: float, seconds: float) -> int:
    """Return how many requests make a cell last about `seconds`, every client sending some."""
    least = clients * (2 if clients * size <= 512 else 1)
    wanted = math.ceil(reviews_per_second * seconds / size)
    return min(max(wanted, least, 3), max(MOST_REQUESTS, least))


def bodies(texts: list[str], size: int, count: int) -> Iterator[list[str]]:
    """Yield `count` requests of `size` reviews each, going round through the texts."""
    for number in range(count):
        yield [texts[(number * size + place) % len(texts)] for place in range(size)]
