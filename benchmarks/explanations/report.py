"""The figures as Markdown tables and one plot."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.explanations.faithfulness import SHARES
from benchmarks.report import bars_table

Results = Mapping[str, Any]


def markdown(results: Results) -> str:
    """Return every table of a run."""
    return "\n".join(
        (
            f"{results['when']}, checkpoint {results['checkpoint']}, validation reviews of IMDb "
            f"at random, verdicts by {results['engine']}, {results['threads']} thread(s).\n",
            bars_table(results["bars"]),
            _methods(results["methods"]),
            _shares(results["methods"]),
            _notes(results),
        )
    )


def _methods(methods: Results) -> str:
    lines = [
        f"| {name} | {found['reviews']} | {_figure(found['comprehensiveness'])} | "
        f"{_figure(found['sufficiency'])} | {_figure(found['agreement'])} | "
        f"{_figure(found['passes'], 1)} |"
        for name, found in methods.items()
    ]
    head = (
        "| method | reviews | comprehensiveness | sufficiency | agreement with occlusion | "
        "cost in forward passes |\n|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(lines) + "\n"


def _shares(methods: Results) -> str:
    shares = [f"{share:.0%}" for share in SHARES]
    lines = [
        f"| {name} | "
        + " | ".join(
            f"{found['at'][share]['comprehensiveness']['mean']:.2f} / "
            f"{found['at'][share]['sufficiency']['mean']:.2f}"
            for share in shares
        )
        + " |"
        for name, found in methods.items()
    ]
    head = f"| comprehensiveness / sufficiency at | {' | '.join(shares)} |\n|---|"
    return head + "---|" * len(shares) + "\n" + "\n".join(lines) + "\n"


def _notes(results: Results) -> str:
    notes = ["Means ± half a 95 % interval; the agreement is Spearman's correlation.\n"]
    for key, name in (
        ("against_random", "random"),
        ("against_integrated", "integrated gradients, 20 steps,"),
    ):
        found = results[key]
        if found:
            low, high = found["interval"]
            notes.append(
                f"Against {name} on the same {found['reviews']} reviews: "
                f"{found['times']:.2f}× the comprehensiveness (95 %: {low:.2f} to {high:.2f}).\n"
            )
    if results["whole"]:
        notes.append(_whole(results["whole"]))
    return "".join(notes)


def _whole(whole: Results) -> str:
    mixed = ", ".join(f"{p:.0f} % of {name}" for name, p in whole["mixed_percent"].items())
    return (
        f"Whole explanations, words and sentences ({whole['reviews']} reviews): "
        f"{_figure(whole['passes'], 1)} passes; the fp32 network that is explained has another "
        f"verdict than the engine on {whole['differs_percent']:.1f} %; called mixed: {mixed} "
        "verdicts (ratings of 4 and 7 against 1 and 10).\n"
    )


def plot(results: Results, path: Path) -> None:
    """Draw comprehensiveness against sufficiency, and the former against the share of words."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12.5, 4.6), layout="constrained")
    for name, found in results["methods"].items():
        label = f"{name} ({found['passes']['mean']:.1f} passes, {found['reviews']} reviews)"
        _point(left, found, label)
        _curve(right, found)
    left.set_xlabel("sufficiency: fall of the probability with nothing but the words named first")
    left.set_ylabel("comprehensiveness: fall without them")
    right.set_xlabel("share of the words left out, those named first")
    right.set_ylabel("fall of the probability")
    right.set_xscale("log")
    right.set_xticks(SHARES, [f"{share:.0%}" for share in SHARES])
    left.grid(alpha=0.3)
    right.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _point(axes: Any, found: Results, label: str) -> None:
    x, y = found["sufficiency"], found["comprehensiveness"]
    axes.errorbar(
        x["mean"], y["mean"], xerr=x["half"], yerr=y["half"], marker="o", linestyle="", label=label
    )


def _curve(axes: Any, found: Results) -> None:
    falls = [found["at"][f"{share:.0%}"]["comprehensiveness"] for share in SHARES]
    axes.errorbar(
        SHARES, [fall["mean"] for fall in falls], yerr=[fall["half"] for fall in falls], marker="."
    )


def _figure(found: Mapping[str, float] | None, digits: int = 2) -> str:
    return "–" if found is None else f"{found['mean']:.{digits}f} ± {found['half']:.{digits}f}"
