"""Compare evaluations of the same reviews: `python -m training.compare run/tutorial run/compact`.

Each folder is the --output of an evaluation, the first one the base.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from training.evaluation.comparison import compare_all, read_run, render
from training.options import command


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare from the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.compare", description=__doc__)
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="--output folder of an evaluation"
    )
    options = parser.parse_args(arguments)
    if len(options.runs) < 2:
        parser.error("expected at least two runs, the base first")
    command(lambda: compare(options.runs))


def compare(folders: Sequence[Path]) -> None:
    """Print the tables; raises DataError if the runs cannot be compared."""
    runs = [read_run(folder) for folder in folders]
    print(render(runs, compare_all(runs)))


if __name__ == "__main__":
    main()
