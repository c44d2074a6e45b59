"""Processes that measure piece after piece; what they measure with is loaded once in each."""

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks.explanations.laboratory import Laboratory
from benchmarks.explanations.pieces import Piece, missing, seconds_left, write
from training.data.readers import Review


@dataclass(frozen=True)
class Bench:
    """What a process measures with and on."""

    folder: Path
    threads: int
    reviews: list[Review]


_loaded: list[tuple[Laboratory, list[Review]]] = []


def measure_missing(
    folder: Path, pieces: Sequence[Piece], bench: Bench, processes: int, minutes: float
) -> None:
    """Measure the pieces that are missing while there is time, and say how far it is."""
    deadline = time.monotonic() + minutes * 60
    work = partial(measure_piece, folder, deadline)
    with ProcessPoolExecutor(processes, get_context("spawn"), set_up, (bench,)) as pool:
        for piece in pool.map(work, missing(folder, pieces)):
            if piece:
                left = seconds_left(folder, pieces) / processes / 60
                print(f"{piece.method}: {piece.end} reviews, {left:.0f} minutes more", flush=True)


def set_up(bench: Bench) -> None:
    """Load network and engine, once in each process."""
    _loaded.append((Laboratory(bench.folder, bench.threads), bench.reviews))


def measure_piece(folder: Path, deadline: float, piece: Piece) -> Piece | None:
    """Measure and write a piece, unless the time is up; `deadline` is a monotonic clock's."""
    start = time.monotonic()
    if start > deadline:
        return None
    laboratory, reviews = _loaded[0]
    rows = laboratory.run(piece.method, reviews[piece.first : piece.end])
    write(folder, piece, rows, time.monotonic() - start, laboratory.engine)
    return piece
