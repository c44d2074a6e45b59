"""Engines behind the predictor: one is chosen at start, by setting or by what the machine has."""

from pathlib import Path

from handler.checkpoint import Settings
from handler.engines.base import Engine, EngineError

__all__ = ["Engine", "EngineError", "load_engine"]


def load_engine(
    directory: Path, settings: Settings, choice: str, threads: int | None, gpu: int | None
) -> Engine:
    """Load the engine that was asked for; raises EngineError or CheckpointError with one clear line."""
    if choice not in ("auto", "torch-fp32"):
        raise EngineError(f"SENTIMENT_ENGINE: expected auto or torch-fp32, found {choice!r}.")
    import os

    import torch

    from handler.engines.torch_cpu import TorchPackedEngine, TorchPaddedEngine
    from handler.weights import load_network

    network, _ = load_network(directory)
    count = threads or len(os.sched_getaffinity(0))
    if settings.architecture == "bilstm":
        return TorchPaddedEngine(network, count)
    return TorchPackedEngine(network, torch.float32, count)
