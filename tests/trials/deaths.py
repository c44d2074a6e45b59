"""Somebody kills workers or Java; clients that try again get every verdict all the same."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import psutil

from tests.stack import Stack
from tests.trials.clients import LOST, Client, Seen, counts, longest_gap, together
from tests.trials.results import Bar, Result

TEXTS = (
    "Not bad at all, I would see it again.",
    "A waste of two hours; even the music is dull.",
    "The cast tries, the script does not.",
    "A joy from the first scene to the last.",
)
WORKER, JAVA = "model_service_worker", "org.pytorch.serve.ModelServer"


def deaths(
    stack: Stack,
    victim: str = WORKER,
    period: float = 5.0,
    seconds: float = 60.0,
    clients: int = 32,
    longest: float = 15.0,
    least: int = 0,
) -> Result:
    """Kill the victim every `period` seconds while clients send reviews until they are scored.

    It takes `seconds`, or up to four times as long until `least` reviews have been scored.
    """
    expected = {text: verdict(Client(stack.gateway_url), text) for text in TEXTS}
    ends: list[list[Seen]] = []
    wrong: list[str] = []
    stop = threading.Event()
    lock = threading.Lock()

    def act() -> None:
        client = Client(stack.gateway_url, timeout=90)
        index = 0
        while not stop.is_set():
            text = TEXTS[index % len(TEXTS)]
            seen = client.ask_until_answered(json.dumps({"review": text}).encode())
            index += 1
            with lock:
                ends.append(seen)
                if seen[-1].status == 200 and seen[-1].json != expected[text]:
                    wrong.append(text)
        client.close()

    begin = time.monotonic()
    killing = threading.Thread(
        target=_kill_now_and_then,
        args=(partial(kill, stack, victim), period, seconds, lambda: len(ends) >= least),
        daemon=True,
    )
    killing.start()
    ending = threading.Thread(target=_stop_after, args=(killing, stack, stop), daemon=True)
    ending.start()
    together([act] * clients)
    ending.join()
    all_seen = [each for request in ends for each in request]
    return Result(
        f"{'worker' if victim == WORKER else 'Java'} killed every {period:g} s",
        [
            Bar("reviews never scored", sum(request[-1].status != 200 for request in ends), 0),
            Bar("wrong verdicts", len(wrong), 0),
            Bar("errors without Retry-After", _speechless(all_seen), 0),
            Bar("longest outage (s)", longest_gap(all_seen, begin), longest),
        ],
        {
            "reviews": len(ends),
            "answers": counts(all_seen),
            "connections lost": sum(each.status == LOST for each in all_seen),
        },
    )


def verdict(client: Client, text: str) -> object:
    """Return the answer to a review while all is well."""
    seen = client.ask_until_answered(json.dumps({"review": text}).encode())
    client.close()
    return seen[-1].json


def _speechless(seen: list[Seen]) -> int:
    return sum(
        each.status in (429, 502, 503) and "retry-after" not in each.headers for each in seen
    )


def _kill_now_and_then(
    act: Callable[[], None], period: float, seconds: float, enough: Callable[[], bool]
) -> None:
    begin = time.monotonic()
    end, latest = begin + seconds, begin + 4 * seconds
    while time.monotonic() + period < (latest if not enough() else end):
        time.sleep(period)
        act()


def _stop_after(killing: threading.Thread, stack: Stack, stop: threading.Event) -> None:
    """Let the clients stop when the last victim has been replaced."""
    try:
        killing.join()
        _wait_ready(stack)
    finally:
        stop.set()


def kill(stack: Stack, victim: str) -> None:
    """Kill one process of the service that has this word in its command line."""
    for process in stack.runner.family():
        with suppress(psutil.Error):
            if victim in " ".join(process.cmdline()):
                process.kill()
                return


def _wait_ready(stack: Stack, seconds: float = 300.0) -> None:
    client = Client(stack.gateway_url, timeout=10)
    until(lambda: client.ask("/readyz").status == 200, seconds)
    client.close()


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for something; raises TimeoutError if it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not come within {seconds:g} s")
        time.sleep(0.1)
