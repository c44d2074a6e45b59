"""Everybody sends the largest request that is allowed, and somebody a single short review."""

import json
import threading
import time

from tests.stack import Stack
from tests.trials.clients import LOST, Client, Repeating, Seen, counts, percentile, together
from tests.trials.results import Bar, Result

LARGEST = json.dumps({"reviews": [("a long film " * 1_300)[:15_400]] * 128}).encode()
SHORT = json.dumps({"review": "Not bad at all, I would see it again."}).encode()


def bulk(stack: Stack, senders: int = 32, period: float = 1.0) -> Result:
    """Send `senders` maximal requests at once, and one short review every `period` seconds.

    Senders that are told that there is no room come again when the answer says.
    """
    workers = worker_pids(stack)
    client = Client(stack.gateway_url)
    ends: list[list[Seen]] = []
    lock = threading.Lock()

    def send() -> None:
        each = Client(stack.gateway_url)
        tries = each.ask_until_answered(LARGEST)
        each.close()
        with lock:
            ends.append(tries)

    begin = time.monotonic()
    with Repeating(lambda: client.ask(body=SHORT), period) as short:
        together([send] * senders)
    client.close()
    maximal = [each for tries in ends for each in tries]
    all_seen = [*maximal, *short.seen]
    return Result(
        f"{senders} maximal requests",
        [
            Bar("504 or lost", sum(each.status in (504, LOST) for each in all_seen), 0),
            Bar("maximal never scored", sum(tries[-1].status != 200 for tries in ends), 0),
            Bar("workers replaced", len(workers - worker_pids(stack)), 0),
            Bar("short reviews not scored", sum(each.status != 200 for each in short.seen), 0),
            Bar("short p99 (s)", percentile([each.seconds for each in short.seen], 0.99), 1.5),
        ],
        {
            "maximal": counts(maximal),
            "short": counts(short.seen),
            "short p50 (s)": round(percentile([each.seconds for each in short.seen], 0.5), 3),
            "seconds": round(time.monotonic() - begin, 1),
        },
    )


def worker_pids(stack: Stack) -> set[int]:
    """Return the processes that score; one that is being started is none yet."""
    workers = stack.model()["workers"]
    return {int(worker["pid"]) for worker in workers if worker["status"] == "READY"}
