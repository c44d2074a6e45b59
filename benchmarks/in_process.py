"""Engines and peers in one run, interleaved in rounds: all of them meet the same machine."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.contestant import Contestant, EngineUnavailableError
from benchmarks.engines import ARITHMETIC, COMPILES_PER_LENGTH, HF_PADDED, ORT_INT8
from benchmarks.gemm import operations_per_review
from benchmarks.model_files import ModelFiles
from benchmarks.statistics import percentiles_ms, ratios, spread
from handler.checkpoint import load_tokenizer, read_settings
from handler.encoding import Encoder

Row = dict[str, Any]
# Threads of the engine that has just worked spin for a moment before they sleep.
PAUSE = 0.25


def encode(files: ModelFiles, texts: list[str]) -> list[list[int]]:
    """Return the token ids of the texts, cut to the model's limit."""
    settings = read_settings(files.checkpoint)
    return [
        review.ids
        for review in Encoder(load_tokenizer(files.checkpoint, settings), settings).encode(texts)
    ]


def measure_engines(
    names: Sequence[str], files: ModelFiles, texts: list[str], threads: int,
    rounds: int, latency_reviews: int,
) -> list[Row]:  # fmt: skip
    """Load every engine, let each score all texts once a round, and return one row per engine."""
    reviews = encode(files, texts)
    contestants = start_all(names, files, threads, min(reviews, key=len))
    try:
        seconds = play_rounds(contestants, reviews, rounds)
        one_each = [[review] for review in reviews[:latency_reviews]]
        latencies = {each.name: _calmly(each, one_each) for each in contestants}
        memory = {each.name: each.memory_mb() for each in contestants}
    finally:
        for each in contestants:
            each.close()
    encoder = read_settings(files.checkpoint).encoder
    operations = sum(operations_per_review(encoder, len(review)) for review in reviews)
    return [
        {
            **_throughput(seconds[each.name], reviews),
            "engine": each.name,
            "operations_per_second": operations / spread(seconds[each.name]).median,
            "latency": percentiles_ms(latencies[each.name]),
            "memory_mb": memory[each.name],
            "startup_s": each.startup,
            **_against(seconds, each.name),
        }
        for each in contestants
    ]


def add_share_of_peak(rows: Sequence[Row], peaks: Mapping[str, float]) -> None:
    """Set each row's share of the rate that its arithmetic reaches in a bare multiplication."""
    for row in rows:
        peak = peaks[ARITHMETIC[row["engine"]]] * 1e9
        row["share_of_gemm_peak"] = row["operations_per_second"] / peak


def start_all(
    names: Sequence[str], files: ModelFiles, threads: int, example: Any
) -> list[Contestant]:
    """Start one engine after another; one that cannot run here gets a line and is left out."""
    contestants: list[Contestant] = []
    for name in names:
        try:
            contestants.append(Contestant(name, files, threads, example))
            print(f"  {name}: ready after {contestants[-1].startup:.1f} s", flush=True)
        except EngineUnavailableError as error:
            print(f"  skipped: {error}", flush=True)
    return contestants


def play_rounds(
    contestants: Sequence[Contestant], reviews: list[list[int]], rounds: int
) -> dict[str, list[float]]:
    """Return each engine's seconds per round; every other round runs in the opposite order."""
    for each in contestants:
        if each.name == COMPILES_PER_LENGTH:
            each.score(reviews)
    seconds: dict[str, list[float]] = {each.name: [] for each in contestants}
    for number in range(rounds):
        for each in contestants if number % 2 == 0 else reversed(contestants):
            time.sleep(PAUSE)
            seconds[each.name].append(each.score(reviews)[0])
        print(f"  round {number + 1} of {rounds}", flush=True)
    return seconds


def _calmly(contestant: Contestant, requests: list[list[list[int]]]) -> list[float]:
    time.sleep(PAUSE)
    return contestant.latencies(requests)


def _throughput(seconds: list[float], reviews: list[list[int]]) -> Row:
    tokens = sum(map(len, reviews))
    return {
        "tokens_per_second": spread([tokens / each for each in seconds]).as_json(),
        "reviews_per_second": spread([len(reviews) / each for each in seconds]).as_json(),
    }


def _against(seconds: dict[str, list[float]], name: str) -> Row:
    """Return how many times as fast as the two peers of the bars, round by round."""
    peers = {"times_hf_padded": HF_PADDED, "times_onnx_runtime_int8": ORT_INT8}
    return {
        key: ratios(seconds[peer], seconds[name]).as_json()
        for key, peer in peers.items()
        if peer in seconds
    }
