"""What every training stage does with gradients: parameter groups, learning rate, EMA."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from training.options import require

_LAYER = re.compile(r"encoder\.layer\.(\d+)\.")


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters of one stage; `layer_decay` below 1 trains lower layers more slowly."""

    steps: int
    learning_rate: float
    warmup_ratio: float = 0.06
    weight_decay: float = 0.01
    layer_decay: float = 1.0
    clip: float = 1.0
    accumulate: int = 1
    ema: float = 0.0
    seed: int = 13

    def __post_init__(self) -> None:
        require(self.steps >= 1, "steps", "at least 1", self.steps)
        require(0 < self.learning_rate < 1, "learning_rate", "between 0 and 1", self.learning_rate)
        require(0 <= self.warmup_ratio < 1, "warmup_ratio", "from 0 to below 1", self.warmup_ratio)
        require(0 < self.layer_decay <= 1, "layer_decay", "above 0, at most 1", self.layer_decay)
        require(self.accumulate >= 1, "accumulate", "at least 1", self.accumulate)
        require(0 <= self.ema < 1, "ema", "from 0 to below 1", self.ema)


def learning_rate_share(recipe: Recipe, step: int) -> float:
    """Return the share of the peak rate at a step: linear warm-up, then linear decay to zero."""
    warmup = max(1, round(recipe.warmup_ratio * recipe.steps))
    return min((step + 1) / warmup, (recipe.steps - step) / max(1, recipe.steps - warmup), 1.0)


def parameter_groups(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """Group the trainable parameters by learning rate and weight decay (none for vectors)."""
    depth = 1 + max((_layer(name) for name, _ in model.named_parameters()), default=0)
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            rate = recipe.learning_rate * recipe.layer_decay ** (depth - _height(name, depth))
            decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "peak_lr": rate, "weight_decay": decay}
        for (rate, decay), parameters in groups.items()
    ]


def _layer(name: str) -> int:
    match = _LAYER.search(name)
    return int(match.group(1)) + 1 if match else 0


def _height(name: str, depth: int) -> int:
    """Embeddings stand at 0, layer i at i + 1, everything above the encoder at the top."""
    below = "encoder." in name or "embeddings." in name
    return _layer(name) if below else depth


def set_learning_rate(optimizer: torch.optim.Optimizer, share: float) -> None:
    """Give each group its share of its own peak rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak_lr"] * share


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """Return an exponential moving average of the weights that forgets its start quickly."""

    def average(means: Sequence[Tensor], currents: Sequence[Tensor], count: Tensor | int) -> None:
        warm = min(decay, (1 + int(count)) / (10 + int(count)))
        torch._foreach_lerp_(list(means), list(currents), 1 - warm)

    return AveragedModel(model, multi_avg_fn=average)
