"""Two servers that could be used instead: infinity-emb, and TorchServe with its example's handler.

Both serve roberta-base's shape on CPU and get the same reviews from 32 clients as this project's
own TorchServe does, in turns.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks import hugging_face
from benchmarks.load import Load, LoadResult
from benchmarks.model_files import ModelFiles
from benchmarks.plan import Plan, bodies
from benchmarks.servers import generate, send
from benchmarks.stack import free_ports, running_stack
from benchmarks.statistics import ratios, spread

INFINITY: Final = Path("run/benchmarks/infinity-venv/bin/infinity_emb")
HANDLER: Final = Path(__file__).with_name("example_handler.py")
OURS: Final = "this project's TorchServe"
CLIENTS: Final = 32
STARTUP_SECONDS: Final = 120.0


def measure_peers(files: ModelFiles, texts: list[str], plan: Plan) -> dict[str, Any]:
    """Send the same reviews to each server in rounds; returns reviews/s and ratios by server."""
    folder = files.folder / "hugging-face"
    hugging_face.write_folder(files, folder)
    requests = list(bodies(texts, 1, len(texts)))
    with ExitStack() as running:
        ours = running.enter_context(running_stack(files))
        example = running.enter_context(running_stack(_pack_example(files, folder)))
        ways: dict[str, Callable[[], LoadResult]] = {
            OURS: lambda: send(ours, "TorchServe", requests, CLIENTS),
            "TorchServe, example handler": lambda: send(example, "TorchServe", requests, CLIENTS),
        }
        if INFINITY.is_file():
            load = running.enter_context(_running_infinity(folder, texts))
            ways["infinity-emb"] = lambda: generate(load)
        else:
            print("skipped: infinity-emb is not installed (`make bench-peers`)")
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(plan.bar_rounds):
            for name, score in ways.items():
                seconds[name].append(_seconds(name, score()))
    return {
        name: {
            "reviews_per_second": spread([len(texts) / each for each in values]).as_json(),
            "ours_times": ratios(values, seconds[OURS]).as_json(),
        }
        for name, values in seconds.items()
    }


def _seconds(name: str, outcome: LoadResult) -> float:
    refused = len(outcome.samples) - len(outcome.answered)
    if refused:
        raise RuntimeError(f"{name}: expected every review to be scored, {refused} were not")
    return outcome.seconds


def _pack_example(files: ModelFiles, folder: Path) -> ModelFiles:
    """Pack the Hugging Face folder with the example's handler; returns where the archive lies."""
    target = replace(files, folder=files.folder / "example")
    target.folder.mkdir(exist_ok=True)
    extra = ",".join(str(path) for path in sorted(folder.iterdir()))
    with tempfile.TemporaryDirectory() as staging:
        subprocess.run(
            [
                *(sys.executable, "-m", "model_archiver.model_packaging", "--force"),
                *("--model-name", "sentiment", "--version", "1.0", "--handler", str(HANDLER)),
                *("--extra-files", extra, "--export-path", str(target.folder)),
            ],
            env={**os.environ, "TMPDIR": staging},
            check=True,
        )
    target.write_checksum()
    return target


@contextmanager
def _running_infinity(folder: Path, texts: list[str]) -> Iterator[Load]:
    """Run infinity-emb from its own environment; yields the load for it."""
    port = free_ports(1)[0]
    process = subprocess.Popen(
        [
            *(str(INFINITY), "v2", "--model-id", str(folder), "--served-model-name", "reviews"),
            *("--engine", "torch", "--device", "cpu", "--no-bettertransformer"),
            *("--host", "127.0.0.1", "--port", str(port), "--batch-size", str(CLIENTS)),
        ],
        env={**os.environ, "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_healthy(process, f"http://127.0.0.1:{port}/health")
        requests = [json.dumps({"model": "reviews", "input": [text]}) for text in texts]
        yield Load(f"http://127.0.0.1:{port}/classify", requests, CLIENTS)
    finally:
        process.terminate()
        process.wait(30)


def _wait_healthy(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.5)
    raise RuntimeError(f"infinity-emb did not start (exit code {process.poll()})")
