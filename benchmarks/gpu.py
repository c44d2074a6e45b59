"""The same comparison on an NVIDIA GPU: this project's packed engine against HF fp16, padded.

    python -m benchmarks.gpu

Where there is no CUDA device, it says so and ends. Writes gpu.json and prints the tables.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks import bars, report
from benchmarks.corpus import load_corpus
from benchmarks.gemm import operations_per_review
from benchmarks.in_process import encode
from benchmarks.model_files import ModelFiles
from benchmarks.models import BASE, SHIPPED, make_checkpoint
from benchmarks.statistics import percentiles_ms, ratios, spread
from handler.checkpoint import read_settings
from handler.engines import Source, load_engine
from handler.files import write_text
from handler.weights import load_network

HF_PADDED = "HF fp16 SDPA, padded"
HF_SORTED = "HF fp16 SDPA, length-sorted"
OURS = "this project, packed fp16"
BATCH = 128
ROUNDS = 5
LATENCY_REVIEWS = 128
GEMM_SIZE = 8192

Reviews = Sequence[list[int]]


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark from the command line, or say that there is no GPU."""
    options = _parser().parse_args(arguments)
    if not torch.cuda.is_available():
        print("no CUDA device: skipped")
        return
    corpus = load_corpus(options.data)
    peak = measure_peak()
    results: dict[str, Any] = {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "corpus": corpus.name,
        "fp16_gemm_peak_tflops": peak / 1e12,
        "engines": {},
    }
    for name in (SHIPPED, BASE):
        files = ModelFiles(options.folder / name)
        make_checkpoint(files)
        reviews = encode(files, corpus.evenly(options.reviews))
        results["engines"][name] = measure(files, reviews, peak)
        print(f"### {name}\n\n{report.engines_table(results['engines'][name])}")
    best = next(row for row in results["engines"][BASE] if row["engine"] == OURS)
    results["bars"] = [bars.row(bars.GPU_BAR, best["tokens_per_second"]["median"])]
    options.output.mkdir(parents=True, exist_ok=True)
    write_text(options.output / "gpu.json", json.dumps(results, indent=1) + "\n")
    print(f"{results['device']}, torch {torch.__version__}\n\n{report.bars_table(results['bars'])}")


def measure(files: ModelFiles, reviews: Reviews, peak: float) -> list[dict[str, Any]]:
    """Let each engine score all reviews in interleaved rounds; returns one row per engine."""
    rows: list[dict[str, Any]] = []
    seconds: dict[str, list[float]] = {}
    engines, startup, memory = _load_all(files, reviews[:LATENCY_REVIEWS])
    for name in engines:
        seconds[name] = []
    for number in range(ROUNDS):
        for name in list(engines) if number % 2 == 0 else reversed(engines):
            seconds[name].append(_seconds(engines[name], reviews))
    tokens = sum(map(len, reviews))
    encoder = read_settings(files.checkpoint).encoder
    operations = sum(operations_per_review(encoder, len(review)) for review in reviews)
    for name, score in engines.items():
        latencies = [_seconds(score, [review]) for review in reviews[:LATENCY_REVIEWS]]
        rates = spread([tokens / each for each in seconds[name]])
        rows.append(
            {
                "engine": name,
                "tokens_per_second": rates.as_json(),
                "reviews_per_second": spread([len(reviews) / s for s in seconds[name]]).as_json(),
                "times_hf_padded": ratios(seconds[HF_PADDED], seconds[name]).as_json(),
                "latency": percentiles_ms(latencies),
                "share_of_gemm_peak": operations * rates.median / tokens / peak,
                "memory_mb": memory[name],
                "startup_s": startup[name],
            }
        )
    return rows


def _load_all(
    files: ModelFiles, examples: Reviews
) -> tuple[dict[str, Callable[[Reviews], Any]], dict[str, float], dict[str, dict[str, float]]]:
    """Load and warm up each engine; returns it, its start-up seconds and peak GPU memory, MB."""
    loaders: dict[str, Callable[[], Callable[[Reviews], Any]]] = {
        HF_PADDED: lambda: _hugging_face(files, ordered=False),
        HF_SORTED: lambda: _hugging_face(files, ordered=True),
        OURS: lambda: _ours(files),
    }
    engines, startup = {}, {}
    memory: dict[str, dict[str, float]] = {}
    for name, load in loaders.items():
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        start = time.perf_counter()
        engines[name] = load()
        engines[name](examples)
        startup[name] = time.perf_counter() - start
        memory[name] = {
            "resident": (torch.cuda.memory_allocated() - before) / 2**20,
            "peak": (torch.cuda.max_memory_allocated() - before) / 2**20,
        }
    return engines, startup, memory


def _ours(files: ModelFiles) -> Callable[[Reviews], Any]:
    source = Source(files.checkpoint, read_settings(files.checkpoint), 1, "cuda:0")
    return load_engine(source, "cuda").logits


def _hugging_face(files: ModelFiles, ordered: bool) -> Callable[[Reviews], Any]:
    network: Any = load_network(files.checkpoint)[0].half().cuda()

    @torch.inference_mode()
    def score(reviews: Reviews) -> Any:
        order = sorted(reviews, key=len, reverse=True) if ordered else reviews
        queued = [_padded(network, order[i : i + BATCH]) for i in range(0, len(order), BATCH)]
        return torch.cat(queued).float().cpu().numpy()

    return score


def _padded(network: Any, reviews: Reviews) -> torch.Tensor:
    pad = torch.nn.utils.rnn.pad_sequence
    ids = [torch.tensor(review) for review in reviews]
    mask = pad([torch.ones_like(each) for each in ids], batch_first=True)
    padded = pad(ids, batch_first=True, padding_value=1)
    logits: torch.Tensor = network(padded.cuda(non_blocking=True), mask.cuda(non_blocking=True))
    return logits


def measure_peak() -> float:
    """Return the GPU's fp16 multiplications and additions per second on one large product."""
    matrix = torch.randn(GEMM_SIZE, GEMM_SIZE, dtype=torch.float16, device="cuda")
    best = min(_gemm_seconds(matrix) for _ in range(10))
    return 2 * GEMM_SIZE**3 / best


def _gemm_seconds(matrix: torch.Tensor) -> float:
    torch.cuda.synchronize()
    start = time.perf_counter()
    torch.matmul(matrix, matrix)
    torch.cuda.synchronize()
    return time.perf_counter() - start


def _seconds(score: Callable[[Reviews], Any], reviews: Reviews) -> float:
    """Time one call; every engine hands its logits to the CPU, so that the GPU has finished."""
    start = time.perf_counter()
    score(reviews)
    return time.perf_counter() - start


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", type=Path, help="IMDb archive, e.g. ../shared/data/aclImdb_v1.tar.xz")
    add("--reviews", type=int, default=4096, help="reviews per round")
    add("--output", type=Path, default=Path("benchmarks/results"), help="folder of the results")
    add("--folder", type=Path, default=Path("run/benchmarks"), help="folder of what can be kept")
    return parser


if __name__ == "__main__":
    main()
