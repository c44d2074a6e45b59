"""Measure how long /explain takes, and what predictions wait while others ask why.

    python -m benchmarks.explanations.speed --data aclImdb_v1.tar.gz    # three minutes or so

The shipped checkpoint behind TorchServe and the gateway, IMDb test reviews. One client asks why;
then some clients ask for predictions, in turns alone and with one client beside them that asks why
without a pause.
"""

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.bars import Bar, look_up, row
from benchmarks.corpus import CACHE, Corpus, load_corpus
from benchmarks.load import Load, LoadResult
from benchmarks.models import SHIPPED, prepare
from benchmarks.report import bars_table
from benchmarks.servers import generate, warm_up
from benchmarks.session import machine
from benchmarks.stack import Stack, running_stack
from benchmarks.statistics import percentiles_ms
from handler.engines.hardware import available_cores
from handler.files import write_text

CLIENTS: Final = (1, 8, 32)
BARS: Final = (
    Bar("p50 of /explain, one client", "explain.p50_ms", 250, 120, "ms", True),
    *(
        Bar(
            f"p99 of predictions, {clients} client{'s' * (clients > 1)}: with one who asks why "
            "beside, against alone",
            f"beside.{clients}.times", 2, None, "×", True,
        )
        for clients in CLIENTS
    ),
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables and write them."""
    options = parse_arguments(arguments)
    corpus = load_corpus(options.data)
    files = prepare(SHIPPED, CACHE, [], with_peers=False)
    with running_stack(files) as stack:
        found = measure(stack, corpus, options)
    bars = [row(bar, look_up(found, bar.path)) for bar in BARS]
    results = {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "corpus": corpus.name,
        "machine": machine(available_cores()),
        **found,
        "bars": bars,
    }
    options.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1) + "\n"
    write_text(options.output / "explanations-speed.json", text)
    write_text(options.output / "explanations-speed.md", markdown(results))
    print(markdown(results))


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.explanations.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", type=Path, metavar="PATH", help="the IMDb archive")
    add("--reviews", type=int, default=200, metavar="N", help="reviews to explain (200)")
    add("--rounds", type=int, default=2, metavar="N", help="times alone and beside, in turns (2)")
    add("--seconds", type=float, default=10.0, metavar="S", help="of each turn (10)")
    add("--output", type=Path, default=Path("benchmarks/results"), metavar="DIR")
    return parser.parse_args(arguments)


def measure(stack: Stack, corpus: Corpus, options: argparse.Namespace) -> dict[str, Any]:
    """Return percentiles of explanations alone, and of predictions alone and beside them."""
    bodies = [json.dumps({"review": text}) for text in corpus.evenly(options.reviews)]
    warm_up(stack)
    generate(Load(stack.explain_url, bodies[:20], 1))
    explain = percentiles_ms(latencies([generate(Load(stack.explain_url, bodies, 1))]))
    print(f"  /explain: p50 {explain['p50_ms']:.0f} ms", flush=True)
    return {
        "explain": {"reviews": len(bodies), **explain},
        "beside": {str(clients): both(stack, bodies, clients, options) for clients in CLIENTS},
    }


def both(
    stack: Stack, bodies: list[str], clients: int, options: argparse.Namespace
) -> dict[str, Any]:
    """Return predictions' percentiles alone and with explanations beside, in turns."""
    more = bodies * 20  # a turn ends by its time, not for want of reviews
    predict = Load(stack.gateway_url, more, clients, limit_s=options.seconds)
    explain = Load(stack.explain_url, more, 1, limit_s=options.seconds)
    alone, beside, explanations = [], [], []
    for _ in range(options.rounds):
        alone.append(generate(predict))
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(generate, explain)
            beside.append(generate(predict))
            explanations.append(asking.result())
    found = {
        name: {**percentiles_ms(latencies(each)), "per_second": rate(each)}
        for name, each in (("alone", alone), ("with", beside), ("explanations", explanations))
    }
    print(f"  {clients} clients: {found}", flush=True)
    return {**found, "times": found["with"]["p99_ms"] / found["alone"]["p99_ms"]}


def latencies(outcomes: Sequence[LoadResult]) -> list[float]:
    """Return the seconds of every request; raises RuntimeError if one was not answered."""
    failed = sum(len(each.samples) - len(each.answered) for each in outcomes)
    if failed:
        raise RuntimeError(f"expected an answer to every request, found {failed} without")
    return [sample.latency for each in outcomes for sample in each.answered]


def rate(outcomes: Sequence[LoadResult]) -> float:
    """Return the answers per second."""
    return sum(len(each.answered) for each in outcomes) / sum(each.seconds for each in outcomes)


def markdown(results: dict[str, Any]) -> str:
    """Return the figures as tables."""
    explain = results["explain"]
    lines = [
        f"| {clients} | {_cells(found['alone'])} | {_cells(found['with'])} | "
        f"{_cells(found['explanations'])} |"
        for clients, found in results["beside"].items()
    ]
    return (
        f"{results['when']}, {results['machine']['threads']} threads of "
        f"{results['machine']['processor']}; {results['corpus']}, shipped checkpoint, gateway.\n\n"
        f"{bars_table(results['bars'])}\n"
        f"One client that asks why, {explain['reviews']} reviews: p50 {explain['p50_ms']:.0f} ms, "
        f"p95 {explain['p95_ms']:.0f} ms, p99 {explain['p99_ms']:.0f} ms.\n\n"
        "| clients | predictions alone: p50 / p99 ms, per second | with explanations beside | "
        "explanations |\n|---|---|---|---|\n" + "\n".join(lines) + "\n"
    )


def _cells(found: dict[str, float]) -> str:
    return f"{found['p50_ms']:.0f} / {found['p99_ms']:.0f}, {found['per_second']:.1f}/s"


if __name__ == "__main__":
    main()
