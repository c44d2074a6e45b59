"""OpenVINO on the CPU: the int8 graph that packing exported, compiled in two ways.

Many reviews run on one stream of one thread per core: no batch to pad, no barriers between threads,
and no review ever sees a neighbour. A lone review gets all threads, or it would leave the other
cores idle. All streams share one copy of the weights; the lone review's graph has its own.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from handler.engines import hardware
from handler.engines.base import EngineError, Logits, Source
from handler.engines.exports import find_export

NAME: Final = "openvino-int8"
IDS: Final = "input_ids"
TOKENS: Final = "tokens"
OUTPUT: Final = "logits"
# Kernels are compiled per length: 15 ms and 4 MB each. Rounding lengths up to a multiple keeps them
# few, and costs 3 % more tokens at a limit of 256 (benchmarks/LOG.md).
STEP: Final = 16
# Threads that share one review wait for each other after every operation: more of them wait more.
MOST_TOGETHER: Final = 4
# Every eighth of those lengths is scored before the worker is READY. Any other costs 10 ms once
# (up to 150 at the size of roberta-base); all of them would delay READY by two seconds.
WARMED: Final = 8


class OpenVinoEngine:
    """Scores reviews on as many streams as there are threads."""

    name = NAME

    def __init__(self, graph: Path, threads: int, longest: int) -> None:
        core = ov.Core()
        many = _compile(core, graph, streams=threads, threads=threads)
        self._queue = ov.AsyncInferQueue(many, threads)
        self._queue.set_callback(_keep_logits)
        together = min(threads, MOST_TOGETHER)
        alone = many if threads == 1 else _compile(core, graph, streams=1, threads=together)
        self._alone = alone.create_infer_request()
        self._longest = longest
        shapes = sorted({round_up(length, longest) for length in range(1, longest + 1)})
        warmed = shapes[::-WARMED]
        self.warm_up_batches = [*([length] for length in warmed), warmed * 2]

    def logits(self, reviews: Sequence[list[int]]) -> Logits:
        """Return (reviews, labels) logits in the order of the reviews."""
        if len(reviews) == 1:
            self._alone.infer(self._inputs(reviews[0]))
            return _logits(self._alone)
        results: list[Logits | None] = [None] * len(reviews)
        # Longest first: the streams end at nearly the same time.
        for index in sorted(range(len(reviews)), key=lambda i: -len(reviews[i])):
            self._queue.start_async(self._inputs(reviews[index]), (results, index))
        self._queue.wait_all()
        return np.concatenate([result for result in results if result is not None])

    def _inputs(self, review: list[int]) -> dict[str, NDArray[np.int32]]:
        ids = np.zeros((1, round_up(len(review), self._longest)), dtype=np.int32)
        ids[0, : len(review)] = review
        return {IDS: ids, TOKENS: np.array([len(review)], dtype=np.int32)}


def _compile(core: ov.Core, graph: Path, streams: int, threads: int) -> ov.CompiledModel:
    options = {
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": threads,
        # For what is not int8: a tenth faster than fp32, and no further from the reference.
        "INFERENCE_PRECISION_HINT": "bf16" if hardware.has_bf16() else "f32",
    }
    return core.compile_model(graph, "CPU", options)


def round_up(length: int, longest: int) -> int:
    """Round a length up to one of the few that kernels are compiled for."""
    return min(-(-length // STEP) * STEP, longest)


def load(source: Source) -> OpenVinoEngine:
    """Load the packed int8 graph; raises EngineError if machine or archive lack something."""
    if not hardware.has_int8():
        raise EngineError(
            f"{NAME}: expected a processor with VNNI, found none; choose another engine."
        )
    graph = find_export(source.directory, NAME)
    return OpenVinoEngine(graph, source.threads, source.settings.max_length)


def _keep_logits(request: Any, place: tuple[list[Logits | None], int]) -> None:
    results, index = place
    results[index] = _logits(request)


def _logits(request: Any) -> Logits:
    logits: Logits = request.get_tensor(OUTPUT).data.copy()
    return logits
