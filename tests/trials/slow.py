"""A thousand connections that cost patience, and what others and probes notice of them."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.commands import started
from tests.stack import Stack
from tests.trials.bulk import SHORT
from tests.trials.clients import Client, Repeating, Seen, percentile
from tests.trials.results import Bar, Result
from tests.trials.slow_clients import KINDS


def slow(stack: Stack, count: int = 1_000, seconds: float = 10.0) -> list[Result]:
    """Hold `count` connections of each kind, and measure for `seconds` beside them."""
    reviews, _ = ordinary(stack, seconds)
    usual = percentile([each.seconds for each in reviews], 0.99)
    return [one_kind(stack, kind, count, seconds, usual) for kind in KINDS]


def one_kind(stack: Stack, kind: str, count: int, seconds: float, usual: float) -> Result:
    """Measure beside one kind of slow connections."""
    with held(stack, kind, count):
        reviews, probes = ordinary(stack, seconds)
    slowest = percentile([each.seconds for each in reviews], 0.99)
    return Result(
        f"{count} {kind} connections",
        [
            Bar("ordinary reviews not scored", sum(each.status != 200 for each in reviews), 0),
            Bar("ordinary p99 / p99 without them", slowest / usual, 2.0),
            Bar("probes failed", sum(each.status != 200 for each in probes), 0),
            Bar("slowest probe (s)", max(each.seconds for each in probes), 0.1),
        ],
        {
            "p99 (ms)": round(slowest * 1e3, 1),
            "p99 without (ms)": round(usual * 1e3, 1),
            "reviews": len(reviews),
        },
    )


def ordinary(stack: Stack, seconds: float) -> tuple[list[Seen], list[Seen]]:
    """Send reviews on a kept connection and probes on new ones for a while."""
    client = Client(stack.gateway_url, timeout=10)

    def probe() -> Seen:
        fresh = Client(stack.gateway_url, timeout=10)
        seen = fresh.ask("/healthz")
        fresh.close()
        return seen

    client.ask(body=SHORT)
    with (
        Repeating(lambda: client.ask(body=SHORT), 0.02) as reviews,
        Repeating(probe, 0.05) as probes,
    ):
        time.sleep(seconds)
    client.close()
    return reviews.seen, probes.seen


@contextmanager
def held(stack: Stack, kind: str, count: int) -> Iterator[None]:
    """Hold slow connections, by a process of its own, for the length of a `with` block."""
    address = urlsplit(stack.gateway_url)
    arguments = [kind, str(count), str(address.hostname), str(address.port)]
    command = [sys.executable, "-m", "tests.trials.slow_clients", *arguments]
    with started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        yield
        process.communicate(timeout=60)
