"""Memory that bulk scoring takes beyond the predictor's own, however large the input.

The engine is replaced by one that costs no time, so that gigabytes pass in minutes; reading,
checking, tokenizing, writing and counting are the real ones.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pyarrow import parquet

from benchmarks.bulk.speed import PART_ROWS
from bulk.command import score_here
from bulk.formats import Encoding
from bulk.job import begin
from bulk.model import Model
from bulk.places import locate
from bulk.scoring import Output
from bulk.source import find_files
from bulk.verdicts import Columns, Tally
from handler.checkpoint import load_tokenizer, read_settings
from handler.encoding import Encoder
from handler.engines import Logits
from handler.predictor import Predictor


class NoEngine:
    """An engine that finds every label as likely as the others."""

    name = "none"

    def __init__(self, labels: int) -> None:
        self.warm_up_batches: Sequence[Sequence[int]] = []
        self._labels = labels

    def logits(self, reviews: Sequence[list[int]]) -> Logits:
        """Return zeros, (reviews, labels)."""
        return np.zeros((len(reviews), self._labels), dtype=np.float32)


def beyond_the_predictor(source: Path, model: Model, target: Path) -> dict[str, float]:
    """Score a source in this process; returns the peaks before and after in MB."""
    settings = read_settings(model.folder)
    encoder = Encoder(load_tokenizer(model.folder, settings), settings)
    predictor = Predictor(encoder, NoEngine(len(settings.labels)), settings)
    with parquet.ParquetFile(source) as opened:
        first = next(opened.iter_batches(batch_size=PART_ROWS, columns=["review"]))
    predictor.predict(first["review"].to_pylist())
    own = _peak_mb()
    shutil.rmtree(target, ignore_errors=True)
    place = locate(str(target))
    output = Output(place, Encoding("parquet"), "review", Columns(model.labels), model.version)
    job, _ = begin(find_files(str(source)), place, output, model, predictor.engine_name, PART_ROWS)
    rows = sum(each.rows for each in score_here(job, predictor) if isinstance(each, Tally))
    peak = _peak_mb()
    shutil.rmtree(target)
    return {
        "input_mb": source.stat().st_size / 1e6,
        "rows": rows,
        "own_mb": own,
        "peak_mb": peak,
        "beyond_mb": peak - own,
    }


def _peak_mb() -> float:
    """Return this process's peak; getrusage would count that of the process which started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024 / 1e6
