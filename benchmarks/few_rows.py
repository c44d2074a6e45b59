"""Measure what a model learns from few rows: ours, the linear model and SetFit on the same encoder.

    make bench-setfit    # SetFit in an environment of its own, once
    python -m benchmarks.few_rows --encoder FOLDER --data aclImdb_v1.tar.xz
    python -m benchmarks.few_rows --encoder FOLDER --sets docstrings --rows 64 --methods ours

A cell is one set, number of rows per label, method and seed. Each is kept in the results when it
is done, and the same command goes on with the next: stop it whenever you like. Ours is
`training.run --data`, told nothing but the encoder and how much it may read. All are judged on the
same 2,000 rows, which no choice was made on.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Final

from benchmarks.corpus import ARCHIVES, found_archive
from benchmarks.labelled_sets import SETS, LabelledSet, write_rows
from handler.files import write_text
from training.data.readers import read_table
from training.evaluation.report import markdown_table
from training.evaluation.scoring import Scorer, load_scorer, score_reviews
from training.stages.linear import LinearOptions, calibrated, fit
from training.stages.options import read_splits

ROWS: Final = (16, 64, 500, 2000)
SETFIT: Final = Path("run/benchmarks/setfit-venv/bin/python")
WORKER: Final = Path(__file__).with_name("setfit_worker.py")


@dataclass(frozen=True)
class Cell:
    """What is trained on what."""

    set: str
    rows: int
    method: str
    seed: int

    @property
    def name(self) -> str:
        """Name in the results, and of its folder."""
        return f"{self.set}-{self.rows}-{self.method}-{self.seed}"


@dataclass(frozen=True)
class Result:
    """Accuracy on the held-out rows (0 to 1), minutes of training, bytes of what is served."""

    accuracy: float
    minutes: float
    bytes: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the cells that are missing, then print and write the table of all."""
    options = parse_arguments(arguments)
    kept = options.output.with_suffix(".json")
    results = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for cell in cells(options):
        if cell.name in results:
            continue
        print(f"{cell.name} ...", flush=True)
        result = measure(cell, options)
        print(f"{cell.name}: {result}", flush=True)
        results[cell.name] = {**asdict(cell), **asdict(result)}
        write_text(kept, json.dumps(results, indent=1) + "\n")
    text = table(list(results.values()))
    write_text(options.output.with_suffix(".md"), text + "\n")
    print(text)


def cells(options: argparse.Namespace) -> Iterator[Cell]:
    """Yield the cells that are asked for, the cheap ones first."""
    for rows in options.rows:
        for seed in range(options.seeds):
            for each in options.sets:
                for method in options.methods:
                    yield Cell(each, rows, method, seed)


def measure(cell: Cell, options: argparse.Namespace) -> Result:
    """Train one cell on rows of its own and evaluate it on the set's held-out rows."""
    folder = options.folder / cell.name
    folder.mkdir(parents=True, exist_ok=True)
    rows: LabelledSet = SETS[cell.set](options.data)
    train, held_out = folder / "train.csv", folder / "held-out.csv"
    write_rows(train, rows.draw(cell.rows, cell.seed))
    write_rows(held_out, rows.held_out)
    return METHODS[cell.method](train, held_out, cell.seed, options)


def ours(train: Path, held_out: Path, seed: int, options: argparse.Namespace) -> Result:
    """Run this project's command as a user would; what is served is the archive."""
    output = train.parent / "run"
    command = [
        *(sys.executable, "-m", "training.run", "--data", str(train), "--output", str(output)),
        *("--encoder", str(options.encoder), "--max-length", str(options.tokens)),
        *("--seed", str(seed), "--cache", str(train.parent / "cache")),
    ]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    minutes = (time.perf_counter() - began) / 60
    accuracy = _accuracy(load_scorer(output / "checkpoint", "auto"), held_out)
    return Result(accuracy, minutes, (output / "sentiment.mar").stat().st_size)


def linear(train: Path, held_out: Path, seed: int, options: argparse.Namespace) -> Result:
    """Fit the linear model; what is served are its n-grams with two numbers each."""
    began = time.perf_counter()
    told = LinearOptions(data=train, cleaning="emoji_names", split_seed=seed)
    splits = read_splits(told)
    splits = replace(splits, train=splits.train + splits.validation)  # its settings are fixed
    vectorizer, model = fit(splits, told)
    scorer = calibrated(vectorizer, model, splits, told)
    minutes = (time.perf_counter() - began) / 60
    return Result(_accuracy(scorer, held_out), minutes, model.size)


def setfit(train: Path, held_out: Path, seed: int, options: argparse.Namespace) -> Result:
    """Run SetFit in its own environment; what is served is its folder."""
    # -P: its own folder must not come first, where a module has a name of the standard library's.
    words = [str(SETFIT), "-P", str(WORKER), str(options.encoder), str(train), str(held_out)]
    words += [str(train.parent), str(options.pairs), str(options.tokens), str(seed)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return Result(**json.loads(done.stdout.splitlines()[-1]))


Method = Callable[[Path, Path, int, argparse.Namespace], Result]
METHODS: Final[dict[str, Method]] = {"ours": ours, "linear": linear, "setfit": setfit}


def _accuracy(scorer: Scorer, held_out: Path) -> float:
    scores = score_reviews(scorer, read_table(held_out, "review", "label"))
    return float(scores.correct.mean())


def table(results: Sequence[dict[str, Any]]) -> str:
    """Return a Markdown table: a row for each set, number of rows and method; seeds as a mean."""
    groups: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
    for result in results:
        key = (result["set"], result["rows"], result["method"])
        groups.setdefault(key, []).append(result)
    return markdown_table(
        ("set", "rows per label", "method", "accuracy", "seeds", "minutes", "MB served"),
        [(*map(str, key), *_figures(groups[key])) for key in sorted(groups)],
    )


def _figures(results: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    accuracies = [100 * result["accuracy"] for result in results]
    spread = f" ± {stdev(accuracies):.1f}" if len(accuracies) > 1 else ""
    return (
        f"{mean(accuracies):.1f} %{spread}",
        str(len(results)),
        f"{mean(result['minutes'] for result in results):.1f}",
        f"{mean(result['bytes'] for result in results) / 1e6:.1f}",
    )


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.few_rows",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    found = found_archive() or ARCHIVES[0]
    add("--data", type=Path, default=found, help="IMDb archive")
    add("--encoder", required=True, help="folder of all-MiniLM-L6-v2, or its name on the hub")
    add("--sets", nargs="+", choices=SETS, default=list(SETS), help="what is learned")
    add("--rows", nargs="+", type=int, default=ROWS, help="per label")
    add("--methods", nargs="+", choices=METHODS, default=list(METHODS), help="who learns")
    add("--seeds", type=int, default=3, help="draws of the rows")
    add("--tokens", type=int, default=256, help="that a text is cut to")
    add("--pairs", type=int, default=20, help="of each kind that SetFit forms for each text")
    add("--output", type=Path, default=Path("benchmarks/results/few-rows"), help=".json and .md")
    add("--folder", type=Path, default=Path("run/benchmarks/few-rows"), help="of tables and models")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
