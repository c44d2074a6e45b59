"""Measure speed here and now: engines and peers in the process, then TorchServe and the gateway.

    python -m benchmarks.run          # under ten minutes on two cores (`make bench`)
    python -m benchmarks.run --full   # all peers, all cells, all 25,000 answers (`make bench-full`)

Writes latest.json, latest.md and latest.png (full.… with --full), and prints the table of bars. A
run of some `--parts` writes files of their names instead: a table never mixes runs. Leave the
machine alone while it runs: two cores have nothing to spare for anything else.
"""

import argparse
import os
from pathlib import Path

PARTS = ("engines", "answers", "servers", "peers")
QUICK_PARTS = PARTS[:-1]


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark from the command line."""
    options = _parser().parse_args(arguments)
    # Every engine's process imports this file: it must bring nothing along.
    from benchmarks.session import run

    options.name = "-".join(options.parts or ["full" if options.full else "latest"])
    options.parts = options.parts or (PARTS if options.full else QUICK_PARTS)
    run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--full", action="store_true", help="everything, against all peers: about an hour")
    add("--tiny", action="store_true", help="a trial of every part; the figures mean nothing")
    add("--data", type=Path, help="IMDb archive, e.g. ../shared/data/aclImdb_v1.tar.xz")
    add(
        "--parts",
        nargs="+",
        choices=PARTS,
        help="what to measure (all; without --full all but peers, the other servers)",
    )
    add(
        "--threads",
        type=int,
        default=len(os.sched_getaffinity(0)),
        help="threads per engine (all cores)",
    )
    add("--output", type=Path, default=Path("benchmarks/results"), help="folder of the results")
    add("--folder", type=Path, default=Path("run/benchmarks"), help="folder of what can be kept")
    return parser


if __name__ == "__main__":
    main()
