"""OpenVINO on the CPU: the int8 graph that packing exported, one stream of one thread per core.

One review at a time and stream: no padding, no barriers between threads, and no review ever sees a
neighbour. All streams share one copy of the weights.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import openvino as ov

from handler.engines import hardware
from handler.engines.base import EngineError, Logits, Source
from handler.engines.exports import find_export

NAME: Final = "openvino-int8"
INPUT: Final = "input_ids"
OUTPUT: Final = "logits"


class OpenVinoEngine:
    """Scores reviews on as many streams as there are threads."""

    name = NAME

    def __init__(self, graph: Path, threads: int) -> None:
        self._model = ov.Core().compile_model(
            graph,
            "CPU",
            {
                "NUM_STREAMS": threads,
                "INFERENCE_NUM_THREADS": threads,
                "INFERENCE_PRECISION_HINT": "bf16",
            },
        )
        self._queue = ov.AsyncInferQueue(self._model, threads)
        self._queue.set_callback(_keep_logits)

    def logits(self, reviews: Sequence[list[int]]) -> Logits:
        """Return (reviews, labels) logits in the order of the reviews."""
        results: list[Logits | None] = [None] * len(reviews)
        # Longest first: the streams end at nearly the same time.
        for index in sorted(range(len(reviews)), key=lambda i: -len(reviews[i])):
            ids = np.array([reviews[index]], dtype=np.int32)
            self._queue.start_async({INPUT: ids}, (results, index))
        self._queue.wait_all()
        return np.concatenate([result for result in results if result is not None])


def load(source: Source) -> OpenVinoEngine:
    """Load the packed int8 graph; raises EngineError if machine or archive lack something."""
    if not hardware.has_int8():
        raise EngineError(
            f"{NAME}: expected a processor with VNNI, found none; choose another engine."
        )
    return OpenVinoEngine(find_export(source.directory, NAME), source.threads)


def _keep_logits(request: Any, place: tuple[list[Logits | None], int]) -> None:
    results, index = place
    results[index] = request.get_tensor(OUTPUT).data.copy()
