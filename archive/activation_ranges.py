"""Observe the ranges of a graph's activations on example reviews, for static int8 quantization."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import openvino as ov

from archive.graph import Range
from handler.encoding import Encoder
from handler.engines.openvino_int8 import IDS, TOKENS

SENTENCES: Final = Path(__file__).with_name("example_reviews.txt")
REVIEWS: Final = 48


def example_reviews(path: Path = SENTENCES, count: int = REVIEWS) -> list[str]:
    """Join a file's lines to reviews of one to all lines, the same ones every time."""
    lines = path.read_text("utf-8").split("\n")[:-1]
    order = random.Random(0)
    return [
        " ".join(order.sample(lines, max(1, len(lines) * number // count)))
        for number in range(count)
    ]


def observe_ranges(model: ov.Model, encoder: Encoder, reviews: Sequence[str]) -> dict[str, Range]:
    """Run the observing graph in fp32; returns the lowest and highest value of each activation."""
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    names = [output.any_name for output in compiled.outputs]
    rows = np.array(list(_run(compiled, encoder, reviews)))
    low = dict(zip(names, rows.min(0).tolist(), strict=True))
    high = dict(zip(names, rows.max(0).tolist(), strict=True))
    # Three digits: the same checkpoint gives the same bytes on processors that round differently.
    return {
        name.removesuffix(":low"): (_round(low[name]), _round(high[name.replace(":low", ":high")]))
        for name in names
        if name.endswith(":low")
    }


def _run(
    compiled: ov.CompiledModel, encoder: Encoder, reviews: Sequence[str]
) -> Iterator[list[float]]:
    for encoded in encoder.encode(list(reviews)):
        outputs = compiled(
            {IDS: np.array([encoded.ids], np.int32), TOKENS: np.array([encoded.tokens], np.int32)}
        )
        yield [float(outputs[output].reshape(-1)[0]) for output in compiled.outputs]


def _round(value: float) -> float:
    return float(f"{value:.3g}")
