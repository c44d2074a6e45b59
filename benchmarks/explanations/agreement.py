"""Measure how often the serving engine's verdict differs from that of the network it rounds.

    python -m benchmarks.explanations.agreement --data aclImdb_v1.tar.gz

An explanation weighs the words of the fp32 network; the verdict beside it is the engine's, int8 on
most processors. IMDb test reviews at random; what is measured is kept in run/, a hundred reviews at
a time: the same command goes on from there.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.answers import differences
from benchmarks.corpus import load_corpus
from benchmarks.explanations.cases import shuffled
from benchmarks.explanations.laboratory import ANSWERS, FOLDER, prepare
from benchmarks.explanations.pieces import missing, planned, read
from benchmarks.explanations.work import Bench, measure_missing
from handler.checkpoint import read_settings
from handler.description import version
from handler.files import write_text

NAME: Final = "explanations-agreement"
SIZE: Final = 100  # reviews


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, print the figures and write them."""
    options = parse_arguments(arguments)
    checkpoint = version(options.checkpoint)
    folder = FOLDER / checkpoint / "pieces"
    pieces = planned({ANSWERS: options.reviews}, SIZE)
    if missing(folder, pieces):
        reviews = shuffled(load_corpus(options.data).reviews)[: options.reviews]
        bench = Bench(prepare(options.checkpoint), options.threads, reviews)
        measure_missing(folder, pieces, bench, options.processes, options.minutes)
    rows = [row for _, content in read(folder, pieces) for row in content["rows"]]
    engines = {content["engine"] for _, content in read(folder, pieces)}
    results = {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "checkpoint": checkpoint,
        "engine": ", ".join(sorted(engines)),
        **figures(rows, read_settings(options.checkpoint).certain_threshold),
    }
    write_text(options.output / f"{NAME}.json", json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))
    if missing(folder, pieces):
        print("Pieces are missing: the same command goes on.")


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.explanations.agreement",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", type=Path, metavar="PATH", help="the IMDb archive")
    add("--checkpoint", type=Path, default=Path("model_store/checkpoint"), metavar="DIR")
    add("--reviews", type=int, default=5000, metavar="N", help="test reviews (5000)")
    add("--minutes", type=float, default=float("inf"), metavar="M", help="start no piece later")
    add("--threads", type=int, default=1, metavar="N", help="threads of each process (1)")
    add("--processes", type=int, default=1, metavar="N", help="pieces measured at once (1)")
    add("--output", type=Path, default=Path("benchmarks/results"), metavar="DIR")
    return parser.parse_args(arguments)


def figures(rows: Sequence[dict[str, Any]], threshold: float | None) -> dict[str, Any]:
    """Return how often verdicts differ, among all of the engine's and among its certain ones."""
    engine, fp32 = (np.array([row[name] for row in rows]) for name in ("engine", "fp32"))
    found = differences(engine, fp32, None)
    share = found["flips_percent"] / 100
    certain = engine.max(1) >= (threshold or 0.0)
    differs = engine.argmax(1) != fp32.argmax(1)
    return {
        **found,
        "flips_percent_half_interval": 196 * (share * (1 - share) / len(rows)) ** 0.5,
        "certain": int(certain.sum()),
        "flips_among_certain": int((certain & differs).sum()),
    }


if __name__ == "__main__":
    main()
