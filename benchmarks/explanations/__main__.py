"""Compare ways to explain a verdict: which words would change it, and at what cost.

    python -m benchmarks.explanations --data aclImdb_v1.tar.gz
    python -m benchmarks.explanations --minutes 9       # as often as needed: each goes on
    python -m benchmarks.explanations --print           # the committed table once more

Comprehensiveness is how far the verdict's probability falls without the words that a method names
first, sufficiency how far it falls with nothing but them, at 1, 5, 10, 20 and 50 % of the words; a
faithful method has a high comprehensiveness and a low sufficiency. Reviews come from the validation
part, which no choice about serving was tested on. What is measured is kept in run/, ten reviews of
one method at a time: the same command goes on from there. Cost is processor time, which other
programs hardly stretch where each process has one thread.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.corpus import ARCHIVES, found_archive
from benchmarks.explanations import methods as candidates
from benchmarks.explanations.cases import load_sample
from benchmarks.explanations.figures import figures
from benchmarks.explanations.laboratory import FOLDER, prepare
from benchmarks.explanations.pieces import Piece, missing, planned, read
from benchmarks.explanations.report import markdown, plot
from benchmarks.explanations.served import WHOLE
from benchmarks.explanations.work import Bench, measure_missing
from handler.description import version
from handler.files import write_text

NAME: Final = "explanations"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, print the tables and write them with the plot."""
    options = parse_arguments(arguments)
    if options.print:
        print(markdown(json.loads((options.output / f"{NAME}.json").read_text("utf-8"))))
        return
    checkpoint = version(options.checkpoint)
    folder = FOLDER / checkpoint / "pieces"
    pieces = planned(limits(options))
    if missing(folder, pieces):
        reviews = load_sample(options.data, options.reviews)
        bench = Bench(prepare(options.checkpoint), options.threads, reviews)
        measure_missing(folder, pieces, bench, options.processes, options.minutes)
    results = {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "checkpoint": checkpoint,
        "threads": options.threads,
        **add_up(folder, pieces),
    }
    write_results(results, options.output)
    print(markdown(results))
    left = missing(folder, pieces)
    if left:
        print(f"{len(left)} of {len(pieces)} pieces are missing: the same command goes on.")


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.explanations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    found = found_archive() or ARCHIVES[0]
    add("--data", type=Path, default=found, metavar="PATH", help="the IMDb archive")
    add("--checkpoint", type=Path, default=Path("model_store/checkpoint"), metavar="DIR")
    add("--reviews", type=int, default=500, metavar="N", help="validation reviews (500)")
    add("--others", type=int, default=500, metavar="N", help="of which for all but two methods")
    add("--integrated", type=int, default=500, metavar="N", help="of which for captum (500)")
    add("--occluded", type=int, default=500, metavar="N", help="of which for words' occlusion")
    add("--minutes", type=float, default=float("inf"), metavar="M", help="start no piece later")
    add("--threads", type=int, default=1, metavar="N", help="threads of each process (1)")
    add("--processes", type=int, default=1, metavar="N", help="pieces measured at once (1)")
    add("--output", type=Path, default=Path("benchmarks/results"), metavar="DIR")
    add("--print", action="store_true", help="measure nothing: print the table of --output again")
    return parser.parse_args(arguments)


def limits(options: argparse.Namespace) -> dict[str, int]:
    """Return how many reviews each method gets: the chosen one and random get all of them."""
    others, integrated, occluded = (
        min(count, options.reviews)
        for count in (options.others, options.integrated, options.occluded)
    )
    return {
        candidates.CHOSEN: options.reviews,
        candidates.RANDOM: options.reviews,
        **dict.fromkeys(candidates.INTEGRATIONS, integrated),
        candidates.WORDS: occluded,
        candidates.SENTENCES: others,
        candidates.GRADIENT: others,
        WHOLE: others,
    }


def add_up(folder: Path, pieces: Sequence[Piece]) -> dict[str, Any]:
    """Return the figures of all pieces that there are."""
    rows: dict[str, list[dict[str, Any]]] = {}
    engines = set()
    for piece, content in read(folder, pieces):
        rows.setdefault(piece.method, []).extend(content["rows"])
        engines.add(content["engine"])
    whole = rows.pop(WHOLE, [])
    return {"engine": ", ".join(sorted(engines)), **figures(rows, whole)}


def write_results(results: dict[str, Any], folder: Path) -> None:
    """Write figures, tables and plot into a folder."""
    write_text(folder / f"{NAME}.json", json.dumps(results, indent=1) + "\n")
    write_text(folder / f"{NAME}.md", markdown(results))
    plot(results, folder / f"{NAME}.png")


if __name__ == "__main__":
    main()
