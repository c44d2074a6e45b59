"""Keep, beside a run's checkpoint, what each stage was given and what came of it: run.json."""

import argparse
import json
import math
import platform
import shlex
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from handler.weights import write_text
from training.loop import Outcome
from training.splits import Splits


def record_stage(
    output: Path,
    name: str,
    arguments: argparse.Namespace,
    splits: Splits,
    outcome: Outcome,
) -> None:
    """Append a stage to `run.json`, which the model card is made from."""
    path = output / "run.json"
    record: dict[str, Any] = (
        json.loads(path.read_text("utf-8")) if path.exists() else {"stages": []}
    )
    progress = outcome.progress
    stage = {
        "name": name,
        # The module that was started: a stage of `training.run` has no command line of its own.
        "command": f"python -m training.{Path(sys.argv[0]).stem} {shlex.join(sys.argv[1:])}",
        "minutes": round(progress.minutes, 2),
        "tokens": progress.tokens,
        "flop": training_flop(outcome.network, progress.tokens),
        "seed": arguments.seed,
        "finished": outcome.finished,
        "settings": {
            key: value if isinstance(value, int | str) or _finite(value) else str(value)
            for key, value in vars(arguments).items()
        },
        "result": progress.best,
    }
    record["stages"] = [old for old in record["stages"] if old["name"] != name] + [stage]
    record["data"] = splits.summary()
    record["parameters"] = sum(p.numel() for p in outcome.network.parameters())
    record["torch"] = torch.__version__
    record["machine"] = f"{platform.machine()}, {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        record["machine"] = torch.cuda.get_device_name()
    write_text(path, json.dumps(record, indent=1) + "\n")


def _finite(value: object) -> bool:
    """JSON knows no infinity, which is what --max-minutes is where nobody sets it."""
    return isinstance(value, float) and math.isfinite(value)


def training_flop(network: nn.Module, tokens: int) -> float:
    """Estimate the cost: 6 FLOP per token and weight outside the embeddings (Kaplan 2020).

    What a masked language model spends on scoring all pieces at the masked places is not in it.
    """
    weights = sum(p.numel() for name, p in network.named_parameters() if "embedding" not in name)
    return 6.0 * weights * tokens
