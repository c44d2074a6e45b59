"""The machine's peak rates of matrix multiplication, and what a model asks of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

# (rows, inner, columns): the linear layers of a base encoder, and one cube.
SHAPES: Final = ((256, 768, 3072), (512, 3072, 768), (1024, 1024, 1024))
SECONDS: Final = 0.45
REPEATS: Final = 3


def measure_peaks(threads: int) -> dict[str, float]:
    """Return the best rate of each arithmetic over the shapes, in 10⁹ operations per second."""
    import torch

    torch.set_num_threads(threads)
    multiplications: dict[str, Callable[[tuple[int, int, int]], Callable[[], Any]]] = {
        "fp32": lambda shape: _floating(torch.float32, *shape),
        "bf16": lambda shape: _floating(torch.bfloat16, *shape),
        "int8": lambda shape: _int8(*shape),
    }
    with torch.inference_mode():
        return {
            name: max(_rate(make(shape), 2 * shape[0] * shape[1] * shape[2]) for shape in SHAPES)
            for name, make in multiplications.items()
        }


def highest(spells: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the highest rate of each arithmetic: a shared machine has slow minutes, too."""
    return {name: max(spell[name] for spell in spells) for name in spells[0]}


def _floating(dtype: Any, rows: int, inner: int, columns: int) -> Callable[[], Any]:
    import torch

    inputs = torch.randn(rows, inner, dtype=dtype)
    weight = torch.randn(columns, inner, dtype=dtype)
    return lambda: torch.nn.functional.linear(inputs, weight)


def _int8(rows: int, inner: int, columns: int) -> Callable[[], Any]:
    """Multiply unsigned activations by signed weights, as quantized layers do (oneDNN)."""
    import torch

    onednn: Any = torch.ops.onednn
    inputs = torch.randint(0, 255, (rows, inner), dtype=torch.uint8)
    weight = onednn.qlinear_prepack(
        torch.randint(-127, 127, (columns, inner), dtype=torch.int8), None
    )
    scales, zeros = torch.full((columns,), 0.01), torch.zeros(columns, dtype=torch.int64)
    bias = torch.zeros(columns)
    return lambda: onednn.qlinear_pointwise(
        inputs, 0.01, 128, weight, scales, zeros, bias, 1.0, 0, torch.float32, "none", [], "none"
    )


def _rate(multiply: Callable[[], Any], operations: int) -> float:
    multiply()
    return max(_repeat(multiply) for _ in range(REPEATS)) * operations / 1e9


def _repeat(multiply: Callable[[], Any]) -> float:
    """Return calls per second."""
    start, calls = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < SECONDS / REPEATS:
        multiply()
        calls += 1
    return calls / elapsed


def operations_per_review(encoder: dict[str, Any], length: int) -> float:
    """Return the encoder's operations on one unpadded review: linear layers and attention."""
    width, inner = encoder["hidden_size"], encoder["intermediate_size"]
    linear = 2 * length * (4 * width * width + 2 * width * inner)
    attention = 4 * length * length * width
    return float(encoder["num_hidden_layers"] * (linear + attention))
