"""Keep, beside a run's checkpoint, what each stage was given and what came of it: run.json."""

import json
import math
import platform
from pathlib import Path
from typing import Any, Final, Protocol

import torch
from torch import nn

from handler.files import write_text
from training.data.splits import Splits
from training.loop.loop import Outcome
from training.options import Options, command_line

RUN_FILE: Final = "run.json"


class StageOptions(Options, Protocol):
    """What every stage was told, its seed among it."""

    @property
    def seed(self) -> int:
        """Seed of weights and batches."""


def record_stage(
    output: Path,
    name: str,
    options: StageOptions,
    splits: Splits,
    outcome: Outcome,
    origin: str | None = None,
) -> None:
    """Append a stage to `run.json`, which the model card is made from.

    `origin` says in words where a pretrained encoder came from.
    """
    record = read_record(output)
    progress = outcome.progress
    stage = {
        "name": name,
        "command": command_line(options),
        "minutes": round(progress.minutes, 2),
        "tokens": progress.tokens,
        "flop": training_flop(outcome.network, progress.tokens),
        "seed": options.seed,
        "finished": outcome.finished,
        "settings": {
            key: value if isinstance(value, int | str) or _finite(value) else str(value)
            for key, value in vars(options).items()
        },
        "result": progress.best,
    }
    record["stages"] = [old for old in record["stages"] if old["name"] != name] + [stage]
    record["data"] = splits.summary()
    if origin:
        record["encoder"] = origin
    record["parameters"] = sum(p.numel() for p in outcome.network.parameters())
    record["torch"] = torch.__version__
    record["machine"] = f"{platform.machine()}, {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        record["machine"] = torch.cuda.get_device_name()
    write_text(output / RUN_FILE, json.dumps(record, indent=1) + "\n")


def record_done(output: Path, name: str, options: Options) -> None:
    """Write to `run.json` that a stage which trains nothing is finished."""
    stage = {"name": name, "command": command_line(options), "finished": True}
    write_text(output / RUN_FILE, json.dumps({"stages": [stage]}, indent=1) + "\n")


def read_record(folder: Path) -> dict[str, Any]:
    """Read what the stages of a folder recorded; without a file they are none."""
    path = folder / RUN_FILE
    record: dict[str, Any] = {"stages": []}
    return json.loads(path.read_text("utf-8")) if path.exists() else record


def _finite(value: object) -> bool:
    """JSON knows no infinity, which is what --max-minutes is where nobody sets it."""
    return isinstance(value, float) and math.isfinite(value)


def training_flop(network: nn.Module, tokens: int) -> float:
    """Estimate the cost: 6 FLOP per token and weight outside the embeddings (Kaplan 2020).

    What a masked language model spends on scoring all pieces at the masked places is not in it.
    """
    weights = sum(p.numel() for name, p in network.named_parameters() if "embedding" not in name)
    return 6.0 * weights * tokens
