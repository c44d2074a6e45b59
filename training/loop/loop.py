"""The one training loop: every stage gives it a task, batches and a way to validate."""

import math
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor, nn

from training.loop.history import History, NoHistory
from training.loop.optimization import (
    Recipe,
    averaged,
    learning_rate_share,
    parameter_groups,
    set_learning_rate,
)
from training.loop.state import Progress, resume, write_state

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
    with or without a stop. `validate` gets the averaged task; the weights with its lowest
    `validation_loss` are kept, the last ones if it returns none.
    """
    accelerator = Accelerator(mixed_precision=mixed_precision(), cpu=not torch.cuda.is_available())
    set_seed(recipe.seed)
    average = averaged(task, recipe.ema)
    optimizer = torch.optim.AdamW(
        parameter_groups(task, recipe), betas=(0.9, 0.98), eps=1e-6, fused=True
    )
    state = directory / stage / STATE_FILE
    progress = resume(state, recipe, task, average, optimizer)
    average = average.to(accelerator.device)
    wrapped, optimizer = accelerator.prepare(task, optimizer)
    wrapped.train()
    session = _Session(accelerator, wrapped, average, optimizer, recipe, limits, progress, state)
    keeper = accelerator.is_main_process
    with (
        History(directory, stage, recipe.steps, progress.step)
        if keeper
        else NoHistory() as history,
        stop_requests() as stop,
    ):
        interrupted = session.run(batch_of, validate, history, stop)
    best = average.module
    if progress.best_weights:
        best.load_state_dict(progress.best_weights)
    return Outcome(session.last, interrupted, progress, best.eval())


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
    ) -> bool:
        """Do the steps that are left; returns whether a signal cut them short."""
        began, saved, earlier = time.monotonic(), time.monotonic(), self.progress.minutes
        window: dict[str, float] = defaultdict(float)
        while self.progress.step < self.recipe.steps:
            self._step(batch_of, window)
            history.advance()
            self.progress.minutes = earlier + (time.monotonic() - began) / 60
            late = time.monotonic() - began > 60 * self.limits.max_minutes
            interrupted, late = self._any_process(bool(stop), late)
            ending = self.last or late
            if self.progress.step % _REPORT_EVERY == 0 or ending:
                history.write(self.progress.step, _report(window))
            due = self.progress.step % self.limits.validate_every == 0 or self.last
            if validate and due:
                self._validate(validate, history)
            if interrupted or ending or time.monotonic() - saved > 60 * self.limits.save_minutes:
                self._save()
                saved = time.monotonic()
            if validate and ending and not due:
                # After saving: a run that goes on must not select a step it would not have met.
                self._validate(validate, history)
            if interrupted or ending:
                return interrupted and not self.last
        return False

    @property
    def last(self) -> bool:
        """Whether all steps are done."""
        return self.progress.step >= self.recipe.steps

    def _any_process(self, *flags: bool) -> list[bool]:
        """Return what any process says: all have to stop at the same step, or some wait forever."""
        if self.accelerator.num_processes == 1:
            return list(flags)
        counts = torch.tensor(flags, dtype=torch.float32, device=self.accelerator.device)
        return [bool(count) for count in self.accelerator.reduce(counts, "sum").tolist()]

    def _step(self, batch_of: Callable[[int], Batch], window: dict[str, float]) -> None:
        began = time.monotonic()
        set_learning_rate(self.optimizer, learning_rate_share(self.recipe, self.progress.step))
        world, rank = self.accelerator.num_processes, self.accelerator.process_index
        for micro in range(self.recipe.accumulate):
            number = (self.progress.step * self.recipe.accumulate + micro) * world + rank
            batch = {
                key: value.to(self.accelerator.device) for key, value in batch_of(number).items()
            }
            summing = micro + 1 < self.recipe.accumulate
            with self.accelerator.no_sync(self.task) if summing else nullcontext():
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
        selecting = "validation_loss" in values
        lowest = self.progress.best.get("validation_loss", math.inf)
        if selecting and not values["validation_loss"] < lowest:
            return
        self.progress.best = {"step": float(self.progress.step), **values}
        if selecting:
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
        write_state(self.state, content)


def stop_if_interrupted(outcome: Outcome) -> None:
    """Leave with the shell's code for Ctrl-C; the state is saved and the same command goes on."""
    if outcome.interrupted:
        print(
            f"stopped at step {outcome.progress.step}, state saved; run the same command to go on"
        )
        raise SystemExit(130)


def mixed_precision() -> str:
    """Return what `accelerate launch` was told, else bf16 where the machine computes in it."""
    if told := os.environ.get("ACCELERATE_MIXED_PRECISION"):
        return told
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


def _report(window: dict[str, float]) -> dict[str, float]:
    batches, tokens, seconds = (window.pop(name) for name in ("batches", "tokens", "seconds"))
    values = {name: value / batches for name, value in window.items()}
    window.clear()
    return {**values, "tokens_per_second": tokens / seconds}
