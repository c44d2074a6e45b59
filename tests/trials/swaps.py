"""The model is replaced again and again while everybody asks it: nobody notices."""

import json
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

from serving.store import SERVED, store_of
from tests.archives import record
from tests.commands import run
from tests.stack import ROOT, Stack
from tests.trials.clients import Client, Seen, counts, percentile, together
from tests.trials.deaths import TEXTS, verdict
from tests.trials.results import Bar, Result

PAUSE_SECONDS = 0.02  # between two reviews of one client: the cores are needed for loading, too


def swaps(stack: Stack, count: int = 10, clients: int = 32) -> Result:
    """Put a copy of the served archive in its own place `count` times, under clients' load."""
    expected = {text: verdict(Client(stack.gateway_url), text) for text in TEXTS}
    before = int(float(stack.model()["modelVersion"]))
    ends: list[Seen] = []
    wrong: list[str] = []
    stop = threading.Event()
    lock = threading.Lock()

    def act() -> None:
        client = Client(stack.gateway_url)
        index = 0
        while not stop.wait(PAUSE_SECONDS):
            text = TEXTS[index % len(TEXTS)]
            seen = client.ask(body=json.dumps({"review": text}).encode())
            index += 1
            with lock:
                ends.append(seen)
                if seen.status == 200 and seen.json != expected[text]:
                    wrong.append(text)
        client.close()

    def replace() -> None:
        try:
            seconds.extend(_replace_again_and_again(stack.runner.run_dir, count))
        finally:
            stop.set()

    seconds: list[float] = []
    together([replace, *[act] * clients])
    swapped = int(float(stack.model()["modelVersion"])) - before
    return Result(
        f"{count} swaps of the model",
        [
            Bar("requests not scored", sum(each.status != 200 for each in ends), 0),
            Bar("wrong verdicts", len(wrong), 0),
            Bar("swaps that failed", count - swapped, 0),
        ],
        {
            "requests": len(ends),
            "answers": counts(ends),
            "p50 (s)": round(percentile([each.seconds for each in ends], 0.5), 3),
            "p99 (s)": round(percentile([each.seconds for each in ends], 0.99), 3),
            "longest swap (s)": round(max(seconds, default=0.0), 1),
        },
    )


def _replace_again_and_again(run_dir: Path, count: int) -> list[float]:
    """Swap `count` times, by the command; returns how long each took."""
    with tempfile.TemporaryDirectory(prefix="swaps-") as folder:
        archive = Path(folder) / "same.mar"
        shutil.copyfile(store_of(run_dir) / SERVED, archive)
        record(archive)
        return [swap(archive, run_dir)[1] for _ in range(count)]


def swap(archive: Path, run_dir: Path, *options: str) -> tuple[str, float]:
    """Run the command; returns what it said of a failure, empty if there was none, and seconds."""
    begin = time.monotonic()
    command = [sys.executable, "-m", "serving.swap", str(archive), "--run-dir", str(run_dir)]
    done = run([*command, *options], 600, cwd=ROOT)
    assert (done.returncode == 0) == (not done.stderr), done
    return done.stderr, time.monotonic() - begin
