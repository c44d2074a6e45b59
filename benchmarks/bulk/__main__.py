"""Measure `python -m bulk` on IMDb's unlabelled reviews, held to its bars.

    python -m benchmarks.bulk --data aclImdb_v1.tar.gz              # everything
    python -m benchmarks.bulk --parts speed ray --rows 8192         # a piece; the others are kept

Writes bulk.json, bulk.md and bulk-cost.md, and prints every bar with pass, short or record. Pieces
are added up as long as the checkpoint is the same. Leave the machine alone while it runs.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from archive.build import build_archive, is_current
from benchmarks import report
from benchmarks.bars import Bar, look_up, row
from benchmarks.bulk import cost, memory, speed
from benchmarks.bulk.source import write_first, write_large, write_source
from benchmarks.bulk.speed import Bench
from benchmarks.bulk.stages import stages
from benchmarks.corpus import ARCHIVES, CACHE, found_archive
from benchmarks.session import apart, machine
from bulk.model import open_model
from handler.files import write_text
from handler.predictor import Predictor

FOLDER: Final = CACHE / "bulk"
BARS: Final = (
    Bar("reviews/s against the bare predictor", "speed.share.median", 0.95, 0.99, "×"),
    Bar("the same with --ray on one node", "ray.share.median", 0.9, 0.97, "×"),
    Bar("against transformers.pipeline with batches", "pipeline.times", 4, 6, "×"),
    Bar("memory beyond the predictor, 100 MB", "small.beyond_mb", 300, None, "MB", True),
    Bar("memory beyond the predictor, 2 GB", "large.beyond_mb", 300, None, "MB", True),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the parts asked for, add them to what is there, print and write the table."""
    options = parse_arguments(arguments)
    checkpoint = Path("model_store/checkpoint")
    packed = Path("model_store/sentiment.mar")
    if not is_current(checkpoint, packed):
        build_archive(checkpoint, packed)
    model = open_model(packed, FOLDER / "models")
    source = write_source(options.data, FOLDER / "unsup.parquet")
    results = begin(options.output / "bulk.json", model.version)
    for name in options.parts:
        print(f"{name} ...", flush=True)
        results[name] = PARTS[name](source, model, checkpoint, options)
        results["bars"] = [row(bar, look_up(results, bar.path)) for bar in BARS]
        text = json.dumps(results, indent=1, ensure_ascii=False)
        write_text(options.output / "bulk.json", text + "\n")
        write_text(options.output / "bulk.md", markdown(results))
        if {"speed", "stages"} <= set(results):
            write_text(options.output / "bulk-cost.md", cost.markdown(results))
    print(markdown(results))


def begin(path: Path, version: str) -> dict[str, Any]:
    """Return the results to add to: those of the same checkpoint, or new ones."""
    fresh = {
        "when": time.strftime("%Y-%m-%d"),
        "model": version,
        "machine": machine(len(os.sched_getaffinity(0))),
    }
    if path.is_file():
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if found.get("model") == version:
            return found | fresh
    return fresh


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.bulk",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    found = found_archive() or ARCHIVES[0]
    add("--data", type=Path, default=found, metavar="PATH", help="the IMDb archive")
    add("--parts", nargs="+", choices=[*PARTS], default=[*PARTS], help="what to measure (all)")
    add("--rows", type=int, default=50_000, metavar="N", help="of speed and ray (50,000)")
    add("--few", type=int, default=512, metavar="N", help="of the pipeline (512)")
    add("--rounds", type=int, default=2, metavar="N", help="of speed and ray (2)")
    add("--output", type=Path, default=Path("benchmarks/results"), metavar="DIR")
    return parser.parse_args(arguments)


def _bench(source: Path, model: Any, rows: int) -> Bench:
    some = write_first(source, rows, FOLDER / f"first-{rows}.parquet")
    return Bench(some, model, Predictor.load(model.folder), FOLDER)


def _speed(source: Path, model: Any, _: Path, options: argparse.Namespace) -> Any:
    bench = _bench(source, model, options.rows)
    return speed.against_bare(bench, speed.in_one_process, options.rounds)


def _ray(source: Path, model: Any, _: Path, options: argparse.Namespace) -> Any:
    return speed.against_bare(_bench(source, model, options.rows), speed.on_ray, options.rounds)


def _pipeline(source: Path, model: Any, checkpoint: Path, options: argparse.Namespace) -> Any:
    return speed.against_pipeline(_bench(source, model, options.few), checkpoint)


def _memory(megabytes: int) -> Callable[..., Any]:
    def measure(source: Path, model: Any, _: Path, __: argparse.Namespace) -> Any:
        large = write_large(source, megabytes, FOLDER / f"{megabytes}-mb.parquet")
        try:
            return apart(memory.beyond_the_predictor, large, model, FOLDER / f"{megabytes}-mb")
        finally:
            large.unlink()

    return measure


def _stages(source: Path, model: Any, _: Path, __: argparse.Namespace) -> Any:
    counts = range(1, len(os.sched_getaffinity(0)) + 1)
    return {f"{n} cores": apart(stages, source, model, FOLDER, n) for n in counts}


PARTS: Final[dict[str, Callable[..., Any]]] = {
    "speed": _speed,
    "ray": _ray,
    "pipeline": _pipeline,
    "stages": _stages,
    "small": _memory(100),
    "large": _memory(2000),
}


def markdown(results: dict[str, Any]) -> str:
    """Return the bars and the stages as tables."""
    found = results["machine"]
    text = (
        f"{results['when']}, model {results['model']}, {found['threads']} cores of "
        f"{found['processor']}; IMDb's unlabelled reviews.\n\n{report.bars_table(results['bars'])}"
    )
    if "stages" in results:
        names = ("reader", "tokenizer", "engine", "writer")
        lines = [f"| rows/s on | {' | '.join(names)} |", "|---|---|---|---|---|"]
        for cores, rates in results["stages"].items():
            lines.append(f"| {cores} | {' | '.join(f'{rates[name]:,.0f}' for name in names)} |")
        text += "\n" + "\n".join(lines) + "\n"
    return text


if __name__ == "__main__":
    main()
