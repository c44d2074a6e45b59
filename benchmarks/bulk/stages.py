"""What saturates first: reader, tokenizer, engine and writer alone, on so many cores."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from pyarrow import parquet

from benchmarks.corpus import even_places
from bulk.chunks import Chunk, Rows
from bulk.formats import Encoding
from bulk.model import Model
from bulk.parts import part_place, write_part
from bulk.places import locate
from bulk.readers import read_chunks
from bulk.scoring import Output
from bulk.source import find_files
from bulk.verdicts import Columns, add_verdicts, read_texts, tally
from contract.answer import Prediction
from handler.checkpoint import load_tokenizer, read_settings
from handler.encoding import Encoder
from handler.engines import Source, load_engine

ROWS = 4096
SCORED = 512


def stages(source: Path, model: Model, folder: Path, cores: int) -> dict[str, float]:
    """Return each stage's rows/s in this process, which is bound to so many cores first."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    settings = read_settings(model.folder)
    encoder = Encoder(load_tokenizer(model.folder, settings), settings)
    engine = load_engine(Source(model.folder, settings, cores, "cpu"))
    (file,) = find_files(str(source))
    table = parquet.read_table(source).slice(0, ROWS)
    chunk = Chunk(0, 0, Rows(table))
    texts = table["review"].to_pylist()
    by_length = sorted(texts, key=len)
    few = [by_length[place] for place in even_places(len(by_length), SCORED)]
    ids = [each.ids for each in encoder.encode(few)]
    engine.logits(ids[:64])
    total = parquet.ParquetFile(source).metadata.num_rows
    return {
        "reader": _rate(total, lambda: [*read_chunks(file, 0, "review", ROWS, frozenset())]),
        "tokenizer": _rate(ROWS, lambda: encoder.encode(texts)),
        "engine": _rate(SCORED, lambda: engine.logits(ids)),
        "writer": _rate(ROWS, lambda: _write(chunk, model, folder / f"writer-{cores}")),
    }


def _rate(rows: int, stage: Callable[[], object]) -> float:
    start = time.perf_counter()
    stage()
    return rows / (time.perf_counter() - start)


def _write(chunk: Chunk, model: Model, target: Path) -> None:
    """Do what is done with a chunk beside reading and scoring it."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    columns = Columns(model.labels)
    output = Output(locate(str(target)), Encoding("parquet"), "review", columns, model.version)
    texts, _ = read_texts(chunk.rows, "review")
    share = 1 / len(model.labels)
    answer = Prediction(model.labels[0], share, dict.fromkeys(model.labels, share), False, 9, False)
    table = add_verdicts(chunk.rows.table, [answer] * len(texts), columns, model.version)
    write_part(part_place(output.target, chunk, output.encoding), table, output.encoding)
    tally(0, 0, table, columns)
