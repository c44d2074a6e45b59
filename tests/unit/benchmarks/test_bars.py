"""Verdicts on the bars: at the bar is a pass, beyond it towards the record, and missing is said."""

from typing import Any

import pytest

from benchmarks.bars import BARS, Bar, judge, look_up
from benchmarks.engines import OURS
from benchmarks.report import bars_table

HIGHER = Bar("speed", "speed", 4.5, 6, "×")
LOWER = Bar("memory", "memory", 900, 600, "MB", lower_is_better=True)
NO_RECORD = Bar("difference", "difference", 0.05, None, "", lower_is_better=True)


@pytest.mark.parametrize(
    ("bar", "value", "verdict"),
    [
        (HIGHER, 4.49, "short"),
        (HIGHER, 4.5, "pass"),
        (HIGHER, 6.0, "record"),
        (LOWER, 900.1, "short"),
        (LOWER, 900.0, "pass"),
        (LOWER, 600.0, "record"),
        (NO_RECORD, 0.0, "pass"),
        (NO_RECORD, 0.051, "short"),
        (HIGHER, None, "not measured"),
    ],
)
def test_verdict(bar: Bar, value: float | None, verdict: str) -> None:
    assert bar.verdict(value) == verdict


def test_limits_show_the_direction() -> None:
    assert HIGHER.limits() == "≥ 4.5× (record ≥ 6)"
    assert LOWER.limits() == "≤ 900 MB (record ≤ 600)"


def test_look_up_follows_names_and_knows_what_is_missing() -> None:
    assert look_up({"a": {"b": 2}}, "a.b") == 2.0
    assert look_up({"a": {"b": 2}}, "a.c") is None
    assert look_up({"a": None}, "a.b") is None


def figure(value: float) -> dict[str, float]:
    return {"median": value, "low": value, "high": value}


@pytest.fixture
def results() -> dict[str, Any]:
    """Results in which every bar but two is reached."""
    return {
        "engines": {
            "roberta-base": [
                {
                    "engine": OURS,
                    "times_hf_padded": figure(5.0),
                    "times_onnx_runtime_int8": figure(1.0),
                }
            ]
        },
        "answers": {"accuracy_lost_points": -0.02, "flips_percent": 0.1},
        "servers": {
            "roberta-base": {
                "added": {"added_ms": {"TorchServe": figure(2.0), "gateway": figure(1.9)}},
                "torchserve_share_of_process": figure(0.96),
                "one_request_to_many_clients": figure(1.06),
            },
            "shipped": {"gateway_reviews_per_second": 80.0, "memory_mb": {"worker": 500.0}},
        },
    }


def test_every_bar_finds_its_figure(results: dict[str, Any]) -> None:
    verdicts = [row["verdict"] for row in judge(results)]
    assert verdicts == [
        "pass", "short", "pass", "pass", "pass", "short", "pass", "record", "pass", "pass",
    ]  # fmt: skip


def test_many_clients_may_not_be_much_faster_or_slower_than_one_request(
    results: dict[str, Any],
) -> None:
    base = results["servers"]["roberta-base"]
    for ratio, verdict in ((0.94, "short"), (0.96, "pass"), (1.04, "pass")):
        base["one_request_to_many_clients"] = figure(ratio)
        assert judge(results)[5]["verdict"] == verdict


def test_what_was_not_run_is_not_measured() -> None:
    rows = judge({})
    assert [row["verdict"] for row in rows] == ["not measured"] * len(BARS)
    assert bars_table(rows).count("not measured") == len(BARS)
