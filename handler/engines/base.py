"""What an engine is to the predictor, what it is loaded from, how it says that it cannot run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contract.errors import UserError
from handler.checkpoint import Settings

Logits = NDArray[np.float32]


class Engine(Protocol):
    """Scores encoded reviews; owns its batching, threads and device."""

    name: str
    warm_up_batches: Sequence[Sequence[int]]
    """Lengths in tokens: what has to be scored once before the first answer is a fast one."""

    def logits(self, reviews: Sequence[list[int]]) -> Logits:
        """Return (reviews, labels) logits in the order of the reviews, token ids each."""
        ...


def warm_up(engine: Engine) -> None:
    """Score the batches that an engine names: the first requests are fast then, too."""
    for lengths in engine.warm_up_batches:
        engine.logits([[0] * length for length in lengths])


class EngineError(UserError):
    """This machine or this archive cannot run the engine asked for; the message says why."""


@dataclass(frozen=True)
class Source:
    """What an engine is loaded from: a checkpoint (or unpacked archive), threads and device."""

    directory: Path
    settings: Settings
    threads: int
    device: str
