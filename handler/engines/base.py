"""What an engine is to the predictor, and how it says that it cannot run here."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]


class Engine(Protocol):
    """Scores encoded reviews; owns its batching, threads and device."""

    name: str

    def logits(self, reviews: Sequence[list[int]]) -> Logits:
        """Return (reviews, labels) logits in the order of the reviews, token ids each."""
        ...


class EngineError(RuntimeError):
    """This machine or this archive cannot run the engine that was asked for; the message says why."""
