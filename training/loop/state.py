"""A run's saved state: all that a process needs to go on as if it had never stopped."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from contract.errors import UserError
from handler.files import whole_file
from training.loop.optimization import Recipe


class StateError(UserError):
    """A saved state is that of another run."""


@dataclass
class Progress:
    """What a run remembers between two of its processes, beside weights and optimizer."""

    step: int = 0
    minutes: float = 0.0
    tokens: int = 0
    best: dict[str, float] = field(default_factory=dict)
    best_weights: dict[str, Tensor] = field(default_factory=dict)


def write_state(state: Path, content: dict[str, Any]) -> None:
    """Write beside the last state, then rename: on a full disk that one survives."""
    with whole_file(state) as partial:
        try:
            torch.save(content, partial)
        except RuntimeError as error:  # torch's writer turns a full disk into one
            raise OSError(str(error)) from error


def resume(
    state: Path,
    recipe: Recipe,
    task: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
) -> Progress:
    """Fill the run's parts from its state, if it has one; raises StateError if it is another's."""
    if not state.exists():
        return Progress()
    content = torch.load(state, weights_only=True, map_location="cpu")
    if content["recipe"] != asdict(recipe):
        raise StateError(
            f"{state}: expected a run with {asdict(recipe)}, found one with {content['recipe']}; "
            "use its settings to go on with it, or another --output to start afresh."
        )
    try:
        task.load_state_dict(content["task"])
        average.load_state_dict(content["average"])
        optimizer.load_state_dict(content["optimizer"])
    except (RuntimeError, ValueError) as error:  # torch's word for keys, shapes, parameter groups
        raise StateError(
            f"{state}: expected a state of this network, found another's ({str(error)[:300]}); "
            "use its settings to go on with it, or another --output to start afresh."
        ) from error
    torch.set_rng_state(content["random"])
    return Progress(**content["progress"])
