"""Show and keep what a run measures: progress bar, JSON lines, TensorBoard events."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm


class History:
    """Writes `history.jsonl` and TensorBoard events into a run's folder and moves a bar."""

    def __init__(self, directory: Path, stage: str, steps: int, start: int) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._file = (directory / "history.jsonl").open("a", encoding="utf-8")
        self._events = SummaryWriter(str(directory / "tensorboard" / stage))
        self._bar = tqdm(total=steps, initial=start, desc=stage, unit="step")
        self._stage = stage
        self._began = time.monotonic()

    def __enter__(self) -> "History":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()
        self._events.close()
        self._file.close()

    def advance(self) -> None:
        """Move the bar by one step."""
        self._bar.update()

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Record values measured at a step."""
        minutes = (time.monotonic() - self._began) / 60
        line = {"stage": self._stage, "step": step, "minutes": round(minutes, 3), **values}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        for name, value in values.items():
            self._events.add_scalar(f"{self._stage}/{name}", value, step)
        self._bar.set_postfix({name: f"{value:.4g}" for name, value in values.items()})


class NoHistory(History):
    """What the other processes of a distributed run keep: nothing, the first one speaks for all."""

    def __init__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def advance(self) -> None:
        """Show nothing."""

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Write nothing."""
