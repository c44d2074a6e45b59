"""Several processes of one run, as `accelerate launch` starts them; the first one writes."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from datetime import timedelta
from typing import Final

import torch
from accelerate import PartialState

# The others wait while the first one asks the teachers, which takes hours.
_PATIENCE: Final = timedelta(days=2)


@contextmanager
def first_prepares() -> Iterator[PartialState]:
    """Let the first process do the block, then the others, which find what it has kept.

    Yields the processes of the run: how many, and whether this one is the first. Only the first
    one prints within the block. A run that was not launched as several is one of one process.
    """
    state = PartialState(cpu=not torch.cuda.is_available(), timeout=_PATIENCE)
    quiet = nullcontext() if state.is_main_process else redirect_stdout(io.StringIO())
    with state.main_process_first(), quiet:
        yield state
