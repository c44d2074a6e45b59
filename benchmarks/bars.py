"""The bars that this project is held to, and what a run's results say about each."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final


@dataclass(frozen=True)
class Bar:
    """One measure with its bar and, where there is one, its record; `path` leads to the figure."""

    measure: str
    path: str
    bar: float
    record: float | None
    unit: str
    lower_is_better: bool = False

    def verdict(self, value: float | None) -> str:
        """Return record, pass, short, or not measured."""
        if value is None:
            return "not measured"
        reaches = operator.le if self.lower_is_better else operator.ge
        if self.record is not None and reaches(value, self.record):
            return "record"
        return "pass" if reaches(value, self.bar) else "short"

    def limits(self) -> str:
        """Return bar and record as the table shows them."""
        sign = "≤" if self.lower_is_better else "≥"
        record = "" if self.record is None else f" (record {sign} {self.record:g})"
        return f"{sign} {self.bar:g} {self.unit}{record}".replace(" ×", "×")


BASE_PROCESS: Final = "base_ours"
BASE_SERVERS: Final = "base_servers"
SHIPPED_SERVERS: Final = "shipped_servers"
BARS: Final = (
    Bar(
        "in-process vs HF fp32 SDPA padded",
        f"{BASE_PROCESS}.times_hf_padded.median", 4.5, 6, "×",
    ),
    Bar(
        "in-process vs ONNX Runtime dynamic int8 unpadded",
        f"{BASE_PROCESS}.times_onnx_runtime_int8.median", 1.1, 1.3, "×",
    ),
    Bar(
        "TorchServe throughput at 32 clients vs in-process",
        f"{BASE_SERVERS}.torchserve_share_of_process.median", 0.95, 0.97, "×",
    ),
    Bar(
        "TorchServe p50 added at one client",
        f"{BASE_SERVERS}.added.added_ms.TorchServe.median", 3, 1.5, "ms", True,
    ),
    Bar(
        "gateway p50 added at one client",
        f"{BASE_SERVERS}.added.added_ms.gateway.median", 2, 1, "ms", True,
    ),
    Bar(
        "128 reviews per request vs 128 clients with one each: difference",
        "size_gap", 0.05, None, "of throughput", True,
    ),
    Bar(
        "shipped checkpoint: reviews/s through the gateway",
        f"{SHIPPED_SERVERS}.gateway_reviews_per_second", 60, 120, "reviews/s",
    ),
    Bar(
        "worker memory, shipped checkpoint",
        f"{SHIPPED_SERVERS}.memory_mb.worker", 900, 600, "MB", True,
    ),
    Bar(
        "same answers: accuracy lost to fp32",
        "answers.accuracy_lost_points", 0.1, None, "points", True,
    ),
    Bar("same answers: labels flipped", "answers.flips_percent", 0.5, None, "%", True),
)  # fmt: skip
GPU_BAR: Final = Bar(
    "GPU, roberta-base shape (bar set for an H200)", "tokens_per_second", 1.2e6, 2e6, "tokens/s"
)


def judge(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every bar with its figure in these results and its verdict."""
    figures = {**results, **_derived(results)}
    return [row(bar, look_up(figures, bar.path)) for bar in BARS]


def row(bar: Bar, value: float | None) -> dict[str, Any]:
    """Return one line of the table of bars."""
    return {
        "measure": bar.measure,
        "bar": bar.limits(),
        "value": value,
        "unit": bar.unit,
        "verdict": bar.verdict(value),
    }


def look_up(results: Any, path: str) -> float | None:
    """Follow names separated by dots; None if one of them is not there."""
    try:
        return float(reduce(operator.getitem, path.split("."), results))
    except (KeyError, TypeError):
        return None


def _derived(results: Mapping[str, Any]) -> dict[str, Any]:
    from benchmarks.engines import OURS

    engines = results.get("engines", {}).get("roberta-base", [])
    servers = results.get("servers", {})
    base = servers.get("roberta-base")
    ratio = look_up(base, "one_request_to_many_clients.median")
    return {
        BASE_PROCESS: next((row for row in engines if row["engine"] == OURS), None),
        BASE_SERVERS: base,
        SHIPPED_SERVERS: servers.get("shipped"),
        "size_gap": None if ratio is None else abs(1 - ratio),
    }
