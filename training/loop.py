"""The one training loop: every stage gives it a task, batches and a way to validate."""

import math
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor, nn

from training.history import History
from training.optimization import (
    Recipe,
    averaged,
    learning_rate_share,
    parameter_groups,
    set_learning_rate,
)

STATE_FILE: Final = "state.pt"
_REPORT_EVERY: Final = 25

Batch = dict[str, Tensor]
Validate = Callable[[nn.Module], dict[str, float]]


@dataclass(frozen=True)
class Limits:
    """When to stop early and how often to save and validate."""

    max_minutes: float = math.inf
    save_minutes: float = 5.0
    validate_every: int = 500


@dataclass
class Progress:
    """What a run remembers between two of its processes, beside weights and optimizer."""

    step: int = 0
    minutes: float = 0.0
    tokens: int = 0
    best: dict[str, float] = field(default_factory=dict)
    best_weights: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a stage ended; `interrupted` means Ctrl-C or SIGTERM, not the time limit."""

    finished: bool
    interrupted: bool
    progress: Progress
    network: nn.Module


def fit(
    task: nn.Module,
    batch_of: Callable[[int], Batch],
    recipe: Recipe,
    limits: Limits,
    directory: Path,
    stage: str,
    validate: Validate | None = None,
) -> Outcome:
    """Train a task whose forward maps a batch to its losses (`loss` and any others to report).

    Resumes from the folder's state if there is one; the same seed and steps give the same weights
    with or without a stop. `validate` gets the averaged task and returns `validation_loss` first
    among its values; the weights with the lowest one are kept.
    """
    accelerator = Accelerator(mixed_precision=mixed_precision(), cpu=not torch.cuda.is_available())
    set_seed(recipe.seed)
    average = averaged(task, recipe.ema)
    optimizer = torch.optim.AdamW(
        parameter_groups(task, recipe), betas=(0.9, 0.98), eps=1e-6, fused=True
    )
    state = directory / stage / STATE_FILE
    progress = _resume(state, recipe, task, average, optimizer)
    average = average.to(accelerator.device)
    wrapped, optimizer = accelerator.prepare(task, optimizer)
    wrapped.train()
    session = _Session(accelerator, wrapped, average, optimizer, recipe, limits, progress, state)
    with (
        History(directory, stage, recipe.steps, progress.step, accelerator.is_main_process) as history,
        stop_requests() as stop,
    ):
        session.run(batch_of, validate, history, stop)
    best = average.module
    if progress.best_weights:
        best.load_state_dict(progress.best_weights)
    return Outcome(session.last, bool(stop), progress, best.eval())


@dataclass
class _Session:
    """The parts of one running loop, so that its steps can be short functions."""

    accelerator: Accelerator
    task: nn.Module
    average: Any
    optimizer: Any
    recipe: Recipe
    limits: Limits
    progress: Progress
    state: Path

    def run(
        self,
        batch_of: Callable[[int], Batch],
        validate: Validate | None,
        history: History,
        stop: list[int],
    ) -> None:
        began, saved, earlier = time.monotonic(), time.monotonic(), self.progress.minutes
        window: dict[str, float] = defaultdict(float)
        while self.progress.step < self.recipe.steps:
            self._step(batch_of, window)
            history.advance()
            self.progress.minutes = earlier + (time.monotonic() - began) / 60
            ending = self.last or time.monotonic() - began > 60 * self.limits.max_minutes
            if self.progress.step % _REPORT_EVERY == 0 or ending:
                history.write(self.progress.step, _report(window))
            if validate and (self.progress.step % self.limits.validate_every == 0 or ending):
                self._validate(validate, history)
            if stop or ending or time.monotonic() - saved > 60 * self.limits.save_minutes:
                self._save()
                saved = time.monotonic()
            if stop or ending:
                return

    @property
    def last(self) -> bool:
        """Whether all steps are done."""
        return self.progress.step >= self.recipe.steps

    def _step(self, batch_of: Callable[[int], Batch], window: dict[str, float]) -> None:
        began = time.monotonic()
        set_learning_rate(self.optimizer, learning_rate_share(self.recipe, self.progress.step))
        world, rank = self.accelerator.num_processes, self.accelerator.process_index
        for micro in range(self.recipe.accumulate):
            number = (self.progress.step * self.recipe.accumulate + micro) * world + rank
            batch = {key: value.to(self.accelerator.device) for key, value in batch_of(number).items()}
            losses: Mapping[str, Tensor] = self.task(batch)
            self.accelerator.backward(losses["loss"] / self.recipe.accumulate)
            for name, value in losses.items():
                window[name] += value.item()
            tokens = int(batch["attention_mask"].sum()) * world
            window["tokens"] += tokens
            window["batches"] += 1
            self.progress.tokens += tokens
        self.accelerator.clip_grad_norm_(self.task.parameters(), self.recipe.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.average.update_parameters(self.accelerator.unwrap_model(self.task))
        self.progress.step += 1
        window["seconds"] += time.monotonic() - began

    def _validate(self, validate: Validate, history: History) -> None:
        module = self.average.module
        module.eval()
        with torch.no_grad(), self.accelerator.autocast():
            values = validate(module)
        module.train()
        history.write(self.progress.step, values)
        if values["validation_loss"] < self.progress.best.get("validation_loss", math.inf):
            self.progress.best = {"step": float(self.progress.step), **values}
            self.progress.best_weights = {
                name: tensor.detach().clone() for name, tensor in module.state_dict().items()
            }

    def _save(self) -> None:
        if not self.accelerator.is_main_process:
            return
        content = {
            "recipe": asdict(self.recipe),
            "progress": asdict(self.progress),
            "task": self.accelerator.unwrap_model(self.task).state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
        }
        self.state.parent.mkdir(parents=True, exist_ok=True)
        partial = self.state.with_name(self.state.name + ".partial")
        torch.save(content, partial)
        os.replace(partial, self.state)


def stop_if_interrupted(outcome: Outcome) -> None:
    """Leave with the shell's code for Ctrl-C; the state is saved and the same command goes on."""
    if outcome.interrupted:
        print(f"stopped at step {outcome.progress.step}, state saved; run the same command to go on")
        raise SystemExit(130)


def mixed_precision() -> str:
    """Return bf16 where the machine computes in it, else full precision."""
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "no"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() else "no"


@contextmanager
def stop_requests() -> Iterator[list[int]]:
    """Collect Ctrl-C and SIGTERM instead of dying, so that the loop can save its state first."""
    received: list[int] = []
    previous = {
        number: signal.signal(number, lambda caught, _: received.append(caught))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _resume(
    state: Path, recipe: Recipe, task: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> Progress:
    if not state.exists():
        return Progress()
    content = torch.load(state, weights_only=True, map_location="cpu")
    if content["recipe"] != asdict(recipe):
        raise ValueError(
            f"{state}: expected a run with {asdict(recipe)}, found one with {content['recipe']}; "
            "use its settings to go on with it, or another --output to start afresh."
        )
    task.load_state_dict(content["task"])
    average.load_state_dict(content["average"])
    optimizer.load_state_dict(content["optimizer"])
    torch.set_rng_state(content["random"])
    return Progress(**content["progress"])


def _report(window: dict[str, float]) -> dict[str, float]:
    batches, tokens, seconds = (window.pop(name) for name in ("batches", "tokens", "seconds"))
    values = {name: value / batches for name, value in window.items()}
    window.clear()
    return {**values, "tokens_per_second": tokens / seconds}
