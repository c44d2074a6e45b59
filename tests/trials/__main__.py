"""`python -m tests.trials`: all trials against a service of its own, and a table of results.

`--short` makes each of them a matter of seconds, to see that they work; the bars are the same.
Results are kept trial by trial: `--output benchmarks/results` puts them where docs/trials.md shows
them.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from tests.stack import Stack, running
from tests.trials.bulk import bulk, worker_pids
from tests.trials.deaths import JAVA, deaths, until
from tests.trials.document import document
from tests.trials.fuzz import fuzz
from tests.trials.overload import overload
from tests.trials.results import Result, as_json, from_json, table
from tests.trials.slow import slow
from tests.trials.swaps import swaps

Trial = Callable[[Stack], Result | list[Result]]

FULL: Final[dict[str, Trial]] = {
    "bulk": bulk,
    "slow": slow,
    "overload": overload,
    "fuzz": fuzz,
    "document": document,
    "worker": partial(deaths, seconds=90.0, least=10_000),
    "java": partial(deaths, victim=JAVA, period=60.0, seconds=125.0, longest=20.0, least=10_000),
    "swaps": swaps,
}
SHORT: Final[dict[str, Trial]] = {
    "bulk": partial(bulk, senders=4, period=0.2),
    "slow": partial(slow, count=200, seconds=2.0),
    "overload": partial(overload, seconds=2.0),
    "fuzz": partial(fuzz, count=100, mutants=1),
    "document": partial(document, count=5),
    "worker": partial(deaths, seconds=12.0, clients=8),
    "java": partial(deaths, victim=JAVA, period=2.0, seconds=3.5, clients=8, longest=20.0),
    "swaps": partial(swaps, count=1, clients=8),
}


def main() -> int:
    """Run the trials that were asked for; returns 1 if any bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials", description=__doc__)
    parser.add_argument("trials", nargs="*", choices=[[], *FULL], help="which ones; all if none")
    parser.add_argument("--short", action="store_true", help="each a matter of seconds")
    parser.add_argument("--workers", type=int, default=1, help="workers of the service tried")
    parser.add_argument("--output", type=Path, default=Path("run/trials"), help="folder of results")
    options = parser.parse_args()
    trials = SHORT if options.short else FULL
    chosen = [trials[name] for name in options.trials or trials]
    found = run(chosen, options.workers, options.output)
    print(table(found))
    return 1 if any(result.missed for result in found) else 0


def run(trials: list[Trial], workers: int, output: Path) -> list[Result]:
    """Run trials one after the other against one service; each result is kept as it comes."""
    results: list[Result] = []
    with (
        tempfile.TemporaryDirectory(prefix="trials-") as folder,
        running(Path(folder), "--workers", str(workers), "--startup-timeout", "300") as runner,
    ):
        runner.wait_ready(timeout=300.0)
        until(lambda: len(worker_pids(Stack(runner))) == workers, 300.0)
        for trial in trials:
            found = trial(Stack(runner))
            for result in found if isinstance(found, list) else [found]:
                results.append(with_workers(result, workers, Stack(runner)))
                keep(output, results[-1])
    return results


def with_workers(result: Result, workers: int, stack: Stack) -> Result:
    """Say with how many workers a result was found, if not with one, and what the service takes."""
    name = result.trial if workers == 1 else f"{result.trial}, {workers} workers"
    megabytes = sum(each.memory_info().rss for each in stack.runner.family()) / 1e6
    return Result(name, result.bars, {**result.figures, "memory (MB)": round(megabytes)})


def keep(folder: Path, result: Result) -> None:
    """Put a result into the folder's JSON and table, in the place of an earlier one of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "trials.json"
    results = from_json(json.loads(file.read_text())) if file.is_file() else []
    results = [*(each for each in results if each.trial != result.trial), result]
    load = round(os.getloadavg()[0], 1)
    print(result.trial, *result.missed or ["passed"], f"(load {load})", sep="\n  ", file=sys.stderr)
    file.write_text(json.dumps(as_json(results), indent=1) + "\n")
    (folder / "trials.md").write_text(table(results) + "\n")


if __name__ == "__main__":
    sys.exit(main())
