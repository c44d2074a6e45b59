"""What many reviews cost: hours and money from the measured rates, and a simulation beyond them."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.bulk.speed import PART_ROWS

COUNTS: Final = {"1 M": 1e6, "100 M": 1e8, "10 B": 1e10}
WORKERS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_CORES: Final = 8


@dataclass(frozen=True)
class Machine:
    """A machine to rent; the price is an assumption, in dollars an hour."""

    name: str
    cores: int
    price: float


# Assumptions of 2026-11-25: the size of on-demand list prices of large clouds, from memory and not
# looked up; whole cores, charged by the second. Put your own into this table.
MACHINES: Final = (
    Machine("2 cores (as measured here)", 2, 0.10),
    Machine("8 cores", 8, 0.41),
    Machine("64 cores", 64, 3.28),
)
GPUS: Final = (Machine("one L4-class GPU", 0, 0.80), Machine("one H100-class GPU", 0, 7.00))


def hours(reviews: float, rate: float) -> float:
    """Return the hours that so many reviews take at so many a second."""
    return reviews / rate / 3600


def table(per_core: float) -> str:
    """Return hours and dollars on each machine, given reviews/s of one core."""
    lines = [
        f"| machine | reviews/s | $/h | {' | '.join(COUNTS)} |",
        "|---|---|---|---|---|---|",
    ]
    for each in MACHINES:
        rate = each.cores * per_core
        cells = [
            f"{hours(count, rate):,.1f} h, ${hours(count, rate) * each.price:,.2f}"
            for count in COUNTS.values()
        ]
        lines.append(f"| {each.name} | {rate:,.0f} | {each.price:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def break_even(per_core: float) -> str:
    """Return the reviews/s at which a GPU costs what cores cost, one line per GPU."""
    cores = MACHINES[1]
    per_dollar = cores.cores * per_core * 3600 / cores.price
    return "".join(
        f"- {gpu.name} at ${gpu.price:.2f} an hour: {gpu.price:.2f} × {per_dollar:,.0f} / 3600 = "
        f"**{gpu.price * per_dollar / 3600:,.0f} reviews/s**\n"
        for gpu in GPUS
    )


def simulate(workers: int, reader: float, worker: float, chunks: int = 4000) -> float:
    """Return rows/s of one reader that feeds so many workers a chunk at a time, by simulation.

    `reader` and `worker` are rows/s of either alone. Each worker has one chunk waiting.
    """
    free = [0.0] * (2 * workers)  # when each place for a chunk is free again
    busy = [0.0] * workers
    heapq.heapify(free)
    heapq.heapify(busy)
    read = end = 0.0
    for _ in range(chunks):
        read = max(read, heapq.heappop(free)) + PART_ROWS / reader
        done = max(read, heapq.heappop(busy)) + PART_ROWS / worker
        heapq.heappush(busy, done)
        heapq.heappush(free, done)
        end = max(end, done)
    return chunks * PART_ROWS / end


def beyond(stages: Mapping[str, float], per_core: float) -> str:
    """Return simulated rows/s for one file read by one reader and scored by 8-core workers."""
    worker = _CORES * per_core
    lines = ["| workers of 8 cores | rows/s, simulated | of linear |", "|---|---|---|"]
    for count in WORKERS:
        rate = simulate(count, stages["reader"], worker)
        lines.append(f"| {count} | {rate:,.0f} | {rate / (count * worker):.0%} |")
    return "\n".join(lines) + "\n"


def markdown(results: Mapping[str, Any]) -> str:
    """Return the tables of costs for the measured results; speed and stages have to be there."""
    cores = results["machine"]["threads"]
    rate = results["speed"]["bulk_per_second"]["median"]
    per_core = rate / cores
    one = results["stages"]["1 cores"]
    return (
        f"Measured: {rate:.1f} reviews/s on {cores} cores of {results['machine']['processor']}, so "
        f"{rate:.1f} / {cores} = **{per_core:.1f} reviews/s per core**.\n\n"
        "Hours are reviews / (cores × reviews/s per core) / 3600, dollars are hours × price.\n\n"
        f"{table(per_core)}\n"
        "Nothing has been measured on a GPU. It costs less than cores do as soon as it scores more "
        f"than this:\n\n{break_even(per_core)}\n"
        f"Simulated: one file, one reader of {one['reader']:,.0f} rows/s (measured on one core), "
        f"workers of 8 × {per_core:.1f} rows/s.\n\n{beyond(one, per_core)}"
    )
