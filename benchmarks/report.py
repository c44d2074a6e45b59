"""Results as Markdown tables and one plot."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Results = Mapping[str, Any]


def markdown(results: Results) -> str:
    """Return all tables of a run."""
    parts = [_heading(results), bars_table(results["bars"])]
    for model, rows in results.get("engines", {}).items():
        parts += [f"### In the process: {model}\n", engines_table(rows)]
    if "answers" in results:
        parts += [
            "### Same answers: int8 against fp32, shipped checkpoint\n",
            _answers(results["answers"]),
        ]
    for model, servers in results.get("servers", {}).items():
        parts += [f"### Through the servers: {model}\n", *_servers(servers)]
    if "server_peers" in results:
        parts += ["### Servers at 32 clients: roberta-base\n", _peers(results["server_peers"])]
    return "\n".join(parts) + "\n"


def _heading(results: Results) -> str:
    machine = results["machine"]
    rates = ", ".join(f"{name} {rate:.0f}" for name, rate in results.get("gemm_peaks", {}).items())
    peaks = f"GEMM peaks in 10⁹ operations/s: {rates}; " if rates else ""
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    return (
        f"{results['when']}, {machine['threads']} threads of {machine['processor']}; "
        f"{results['corpus']}; {peaks}{libraries}.\n"
    )


def bars_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the bars with pass or short beside each."""
    return _table(
        ("measure", "bar", "measured", ""),
        (
            (row["measure"], row["bar"], _number(row["value"], row["unit"]), row["verdict"])
            for row in rows
        ),
    )


def engines_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return one line per engine, the fastest first."""
    ordered = sorted(rows, key=lambda row: -row["tokens_per_second"]["median"])
    header = (
        "engine", "valid tokens/s", "reviews/s", "vs HF padded", "vs ORT int8",
        "p50 / p95 / p99 ms", "GEMM peak", "memory MB (peak)", "start-up s",
    )  # fmt: skip
    return _table(header, map(_engine_cells, ordered))


def _engine_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        row["engine"],
        _spread(row["tokens_per_second"], ",.0f"),
        f"{row['reviews_per_second']['median']:.1f}",
        *(
            _spread(row[key], ".2f") + "×" if key in row else "–"
            for key in ("times_hf_padded", "times_onnx_runtime_int8")
        ),
        _latency(row["latency"]),
        f"{row['share_of_gemm_peak']:.0%}",
        f"{row['memory_mb']['resident']:.0f} ({row['memory_mb']['peak']:.0f})",
        f"{row['startup_s']:.1f}",
    )


def _answers(found: Mapping[str, Any]) -> str:
    accuracy = found.get("accuracy_percent")
    right = (
        f"accuracy {accuracy['int8']:.2f} % (fp32 {accuracy['fp32']:.2f} %), " if accuracy else ""
    )
    return (
        f"{found['reviews']:,} reviews: {right}labels flipped {found['flips_percent']:.3f} %, "
        f"mean |Δp| {found['mean_abs_dp']:.5f}, largest {found['max_abs_dp']:.4f}.\n"
    )


def _servers(servers: Mapping[str, Any]) -> Iterable[str]:
    added = servers["added"]
    yield _table(
        ("one client, one review", "p50 ms", "added ms", "outside the model ms"),
        (
            (
                hop,
                _spread(added["p50_ms"][hop], ".2f"),
                _spread(added["added_ms"][hop], ".2f") if hop in added["added_ms"] else "–",
                _spread(added["outside_model_ms"][hop], ".2f") if hop in added["added_ms"] else "–",
            )
            for hop in added["p50_ms"]
        ),
    )
    memory = ", ".join(f"{name} {size:.0f} MB" for name, size in servers["memory_mb"].items())
    yield f"Ready after {servers['startup_s']:.1f} s; resident memory: {memory}.\n"
    if "reviews_per_second" in servers:
        rows = servers["reviews_per_second"].items()
        yield _table(("the same reviews", "reviews/s"), ((k, _spread(v, ".2f")) for k, v in rows))
    if "closed_loop" in servers:
        yield _closed_loop(servers["closed_loop"])
        yield _open_loop(servers["open_loop"])


def _peers(peers: Mapping[str, Any]) -> str:
    header = ("server", "reviews/s", "this project is faster by")
    rows = (
        (name, _spread(found["reviews_per_second"]), _spread(found["ours_times"], ".2f") + "×")
        for name, found in peers.items()
    )
    return _table(header, rows)


def _closed_loop(rows: Sequence[Mapping[str, Any]]) -> str:
    header = (
        "closed loop",
        "clients",
        "reviews per request",
        "reviews/s",
        "p50 / p95 / p99 ms",
        "not answered",
    )
    return _table(
        header,
        (
            (
                row["through"], f"{row['clients']}", f"{row['reviews_per_request']}",
                f"{row['reviews_per_second']:.1f}", _latency(row["latency"]),
                f"{row['not_answered']}",
            )
            for row in rows
        ),
    )  # fmt: skip


def _open_loop(rows: Sequence[Mapping[str, Any]]) -> str:
    header = ("open loop, gateway", "arrivals/s", "reviews/s", "p50 / p95 / p99 ms", "not answered")
    return _table(
        header,
        (
            (
                f"{row['share_of_capacity']:.0%} of capacity", f"{row['arrivals_per_second']:.1f}",
                f"{row['reviews_per_second']:.1f}", _latency(row["latency"]),
                f"{row['not_answered']}",
            )
            for row in rows
        ),
    )  # fmt: skip


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _spread(found: Mapping[str, float], form: str = ".1f") -> str:
    return f"{found['median']:{form}} ({found['low']:{form}}–{found['high']:{form}})"


def _latency(found: Mapping[str, float] | None) -> str:
    return (
        " / ".join(f"{found[name]:.1f}" for name in ("p50_ms", "p95_ms", "p99_ms"))
        if found
        else "–"
    )


def _number(value: float | None, unit: str) -> str:
    return (
        "–"
        if value is None
        else f"{value:.3g} {unit}".replace(" ×", "×")
        if abs(value) < 1e3
        else f"{value:,.0f} {unit}"
    )


def plot(results: Results, path: Path) -> None:
    """Draw tokens/s of every engine at roberta-base's shape, and latency under arriving reviews."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(12.5, 4.2), width_ratios=(3, 2), layout="constrained"
    )
    _plot_engines(left, results.get("engines", {}).get("roberta-base", []))
    _plot_open_loop(right, results.get("servers", {}).get("shipped", {}).get("open_loop", []))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _plot_engines(axes: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    ordered = sorted(rows, key=lambda row: row["tokens_per_second"]["median"])
    rates = [row["tokens_per_second"] for row in ordered]
    medians = [rate["median"] for rate in rates]
    errors = [
        [rate["median"] - rate["low"] for rate in rates],
        [rate["high"] - rate["median"] for rate in rates],
    ]
    colours = ["tab:blue" if "this project" in row["engine"] else "silver" for row in ordered]
    if ordered:
        axes.barh([row["engine"] for row in ordered], medians, xerr=errors, color=colours)
    axes.set_xlabel("valid tokens/s, two rounds or more: median, lowest, highest")
    axes.set_title("roberta-base shape, 256 tokens, in the process")


def _plot_open_loop(axes: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    from matplotlib.ticker import LogLocator

    answered = [row for row in rows if row["latency"]]
    for name, marker in (("p50", "o"), ("p95", "s"), ("p99", "^")):
        axes.plot(
            [row["arrivals_per_second"] for row in answered],
            [row["latency"][f"{name}_ms"] for row in answered],
            marker=marker,
            label=name,
        )
    if answered:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")  # 200, not 2 × 10²
        axes.yaxis.set_minor_formatter("")
        axes.legend()
    axes.set_xlabel("reviews arriving per second")
    axes.set_ylabel("latency, ms")
    axes.set_title("shipped checkpoint, gateway")
