"""Engines behind the predictor: one is chosen at start, by setting or by what the machine has."""

import logging
from collections.abc import Callable
from importlib import import_module
from typing import Final

from handler.engines.base import Engine, EngineError, Logits, Source, warm_up

__all__ = ["AUTO", "ENGINES", "Engine", "EngineError", "Logits", "Source", "load_engine", "warm_up"]

logger = logging.getLogger(__name__)

# Fastest first, as measured (benchmarks/LOG.md). Modules are imported when asked for: a service
# that scores with one library does not load the others.
ENGINES: Final[dict[str, str]] = {
    "cuda": "handler.engines.torch_cuda:load",
    "openvino-int8": "handler.engines.openvino_int8:load",
    "torch-bf16": "handler.engines.torch_cpu:load_bf16",
    "torch-fp32": "handler.engines.torch_cpu:load_fp32",
}
AUTO: Final = "auto"


def load_engine(source: Source, choice: str = AUTO) -> Engine:
    """Load the engine of that name, for `auto` the fastest that runs; raises EngineError."""
    if choice == AUTO:
        return _first_that_runs(source)
    if choice not in ENGINES:
        raise EngineError(
            f"engine: expected {AUTO} or one of {', '.join(ENGINES)}, found {choice!r}."
        )
    return _loader(choice)(source)


def _first_that_runs(source: Source) -> Engine:
    on_gpu = source.device.startswith("cuda")
    for name in ENGINES:
        if on_gpu or name != "cuda":
            try:
                return _loader(name)(source)
            except EngineError as error:
                logger.warning("Engine %s is passed over: %s", name, error)
    raise EngineError(f"{source.directory}: no engine runs this checkpoint here.")


def _loader(name: str) -> Callable[[Source], Engine]:
    module, function = ENGINES[name].split(":")
    try:
        loader: Callable[[Source], Engine] = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        raise EngineError(
            f"{name}: expected the package {error.name}, found it not installed."
        ) from error
    return loader
