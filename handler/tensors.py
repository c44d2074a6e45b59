"""A checkpoint's weights as numpy arrays: what reads and names them without torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from handler.checkpoint import Settings
from handler.errors import CheckpointError

Arrays = Mapping[str, NDArray[np.float32]]
T = TypeVar("T")

OWN_NAMES: Final[Mapping[str, str]] = {}
# Beginnings of parameter names here, and in transformers' RobertaForSequenceClassification.
STANDARD_NAMES: Final[Mapping[str, str]] = {
    "encoder.": "roberta.",
    "head.1.": "classifier.dense.",
    "head.4.": "classifier.out_proj.",
}
_TYPES: Final = {"F64": np.float64, "F32": np.float32, "F16": np.float16}


def stored_names(settings: Settings) -> Mapping[str, str]:
    """Return how the beginnings of this project's parameter names are spelt in the file."""
    return STANDARD_NAMES if settings.head == "standard" else OWN_NAMES


def own_names(settings: Settings) -> Mapping[str, str]:
    """Return the same the other way round, from the file's to this project's."""
    return {stored: own for own, stored in stored_names(settings).items()}


def renamed(tensors: Mapping[str, T], names: Mapping[str, str]) -> dict[str, T]:
    """Exchange the beginning of each name for another; names that no beginning fits stay."""
    found = {}
    for name, tensor in tensors.items():
        begin = next((begin for begin in names if name.startswith(begin)), "")
        found[names.get(begin, "") + name.removeprefix(begin)] = tensor
    return found


def load_arrays(path: Path, settings: Settings) -> Arrays:
    """Return the weights in fp32 under this project's names; raises CheckpointError if unread."""
    try:
        entries = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
        found = {name: _array(entry) for name, entry in entries}
    except (SafetensorError, OSError, KeyError) as error:
        raise CheckpointError(
            f"{path}: expected safetensors of floating-point numbers, found a file that cannot be "
            f"read as such ({error})."
        ) from error
    return renamed(found, own_names(settings))


def _array(entry: Mapping[str, Any]) -> NDArray[np.float32]:
    if entry["dtype"] == "BF16":  # the upper half of an fp32 number, which numpy has no type for
        upper = np.frombuffer(entry["data"], "<u2").astype("<u4") << 16
        return upper.view(np.float32).reshape(entry["shape"])
    values = np.frombuffer(entry["data"], _TYPES[entry["dtype"]])
    return values.astype(np.float32).reshape(entry["shape"])
