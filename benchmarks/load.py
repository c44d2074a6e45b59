"""The load generator, a process of its own: `python -m benchmarks.load < load.json > samples.json`.

Closed loop: one thread for each client, which sends its next request when it has the answer. Open
loop: requests start at given arrival times, and waiting in line counts as latency.
"""

import json
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from benchmarks.http_client import Client, Load, LoadResult, Sample
from benchmarks.open_loop import open_loop

__all__ = ["Load", "LoadResult", "Sample", "read_outcome", "run_load"]


def run_load(load: Load) -> LoadResult:
    """Send the load; returns when every request that was started has ended."""
    client = Client(load)
    client.open(load.clients)
    start = time.perf_counter()
    if load.arrivals_per_second is None:
        samples = _closed_loop(client, load, start)
    else:
        samples = open_loop(client, load, load.arrivals_per_second, start)
    seconds = time.perf_counter() - start
    client.close()
    return LoadResult(seconds, samples)


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


def main() -> None:
    """Read the load from standard input and write its outcome to standard output."""
    outcome = run_load(Load(**json.load(sys.stdin)))
    json.dump(asdict(outcome), sys.stdout)


def read_outcome(text: str) -> LoadResult:
    """Return the outcome that a load generator wrote."""
    content: dict[str, Any] = json.loads(text)
    return LoadResult(content["seconds"], [Sample(**sample) for sample in content["samples"]])


if __name__ == "__main__":
    main()
