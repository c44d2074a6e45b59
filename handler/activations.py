"""Activation functions in numpy, each with its slope: what a gradient needs of them."""

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: |error| <= 1.5e-7, which is
# what fp32 has to give. numpy knows no erf.
_P: Final = 0.3275911
_COEFFICIENTS: Final = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)


def activate(name: str, x: Array) -> tuple[Array, Array]:
    """Return an activation's values and its slopes; KeyError for one that is not known here."""
    return ACTIVATIONS[name](x)


def _gelu(x: Array) -> tuple[Array, Array]:
    """x Φ(x), with the slope Φ(x) + x φ(x)."""
    bell = np.exp(np.square(x) * np.float32(-0.5))
    t = 1 / (1 + np.abs(x) * np.float32(_P / math.sqrt(2)))
    tail = np.zeros_like(x)
    for coefficient in _COEFFICIENTS:
        tail += np.float32(coefficient)
        tail *= t
    tail *= bell * np.float32(0.5)  # Φ(-|x|)
    below = np.where(x < 0, tail, 1 - tail)
    values = x * below
    return values, below + x * bell * np.float32(1 / math.sqrt(2 * math.pi))


def _relu(x: Array) -> tuple[Array, Array]:
    return np.maximum(x, 0), (x > 0).astype(x.dtype)


def _tanh(x: Array) -> tuple[Array, Array]:
    values = np.tanh(x)
    return values, 1 - np.square(values)


ACTIVATIONS: Final[Mapping[str, Callable[[Array], tuple[Array, Array]]]] = {
    "gelu": _gelu,
    "relu": _relu,
    "tanh": _tanh,
}
