"""Reviews a second: bulk scoring against the bare predictor, in turns, and against a pipeline."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pyarrow import parquet

from benchmarks.statistics import ratios, spread
from bulk.command import score_here
from bulk.formats import Encoding
from bulk.job import begin
from bulk.model import Model
from bulk.places import locate
from bulk.scoring import Output
from bulk.source import find_files
from bulk.verdicts import Columns, Tally
from handler.predictor import Predictor

PART_ROWS: Final = 4096
BATCH_SIZES: Final = (1, 8, 32)


@dataclass(frozen=True)
class Bench:
    """A source, what scores it, and a folder for targets."""

    source: Path
    model: Model
    predictor: Predictor
    folder: Path

    @property
    def texts(self) -> list[str]:
        """The reviews as the predictor takes them."""
        found: list[str] = parquet.read_table(self.source)["review"].to_pylist()
        return found

    def fresh_target(self) -> Path:
        """Return a folder that is not there."""
        target = self.folder / "target"
        shutil.rmtree(target, ignore_errors=True)
        return target


def bare(bench: Bench) -> float:
    """Return reviews/s of the predictor given all texts at once."""
    texts = bench.texts
    start = time.perf_counter()
    bench.predictor.predict(texts)
    return len(texts) / (time.perf_counter() - start)


def in_one_process(bench: Bench) -> float:
    """Return rows/s of `python -m bulk` from the first look at the source to the last part."""
    target = locate(str(bench.fresh_target()))
    columns = Columns(bench.model.labels)
    output = Output(target, Encoding("parquet"), "review", columns, bench.model.version)
    start = time.perf_counter()
    files = find_files(str(bench.source))
    job, _ = begin(files, target, output, bench.model, bench.predictor.engine_name, PART_ROWS)
    tallies = [each for each in score_here(job, bench.predictor) if isinstance(each, Tally)]
    return sum(each.rows for each in tallies) / (time.perf_counter() - start)


def on_ray(bench: Bench) -> float:
    """Return rows/s of `python -m bulk --ray` once Ray runs, the actor's start included."""
    target = bench.fresh_target()
    command = [
        sys.executable, "-m", "bulk", str(bench.source), str(target), "--ray",
        "--checkpoint", str(bench.model.folder), "--part-rows", str(PART_ROWS),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    summary = json.loads((target / "_summary.json").read_text())
    return float(summary["rows_per_second"])


def against_bare(bench: Bench, way: Callable[[Bench], float], rounds: int) -> dict[str, Any]:
    """Measure a way and the bare predictor in turns, each first in every other round."""
    bench.predictor.predict(bench.texts[:256])
    found: dict[Callable[[Bench], float], list[float]] = {bare: [], way: []}
    for number in range(rounds):
        for each in (bare, way) if number % 2 == 0 else (way, bare):
            found[each].append(each(bench))
            print(f"  round {number + 1}: {each.__name__} {found[each][-1]:.1f}/s", flush=True)
    return {
        "rows": len(bench.texts),
        "engine": bench.predictor.engine_name,
        "bare_per_second": spread(found[bare]).as_json(),
        "bulk_per_second": spread(found[way]).as_json(),
        "share": ratios(found[way], found[bare]).as_json(),
    }


def against_pipeline(bench: Bench, checkpoint: Path) -> dict[str, Any]:
    """Measure `transformers.pipeline` with several batch sizes, and bulk on the same reviews."""
    import transformers

    classify: Any = transformers.pipeline(
        "text-classification", model=str(checkpoint), tokenizer=str(checkpoint), device="cpu"
    )
    texts = bench.texts
    classify(texts[:8], truncation=True)
    rates, labels = {}, []
    for size in BATCH_SIZES:
        start = time.perf_counter()
        labels = [each["label"] for each in classify(texts, batch_size=size, truncation=True)]
        rates[str(size)] = len(texts) / (time.perf_counter() - start)
        print(f"  pipeline, batches of {size}: {rates[str(size)]:.1f}/s", flush=True)
    bench.predictor.predict(texts[:64])
    ours = in_one_process(bench)
    parts = sorted((bench.folder / "target").glob("part-*.parquet"))
    found = [label for part in parts for label in parquet.read_table(part)["label"].to_pylist()]
    same = sum(a == b for a, b in zip(labels, found, strict=True))
    return {
        "rows": len(texts),
        "pipeline_per_second": rates,
        "bulk_per_second": ours,
        "times": ours / max(rates.values()),
        "same_labels": same / len(texts),
    }
