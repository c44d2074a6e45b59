"""The figures that the pieces of a run add up to."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from scipy.stats import spearmanr

from benchmarks.bars import Bar, look_up, row
from benchmarks.explanations.faithfulness import SHARES
from benchmarks.explanations.methods import CHOSEN, INTEGRATIONS, RANDOM, WORDS

Rows = Sequence[Mapping[str, Any]]

FALLS: Final = ("comprehensiveness", "sufficiency")
# A rating of 7 or 4 of 10 is a verdict with reservations, 10 or 1 is one without.
RATINGS: Final = {"lukewarm": (4, 7), "outright": (1, 10)}
BARS: Final = (
    Bar("comprehensiveness against random, same reviews", "against_random.times", 4, 8, "×"),
    Bar(
        "against integrated gradients, 20 steps, same reviews",
        "against_integrated.times", 1, None, "×",
    ),
    Bar(
        "cost of integrated gradients, 20 steps, against its own",
        "against_integrated.cost", 1, 5, "×",
    ),
    Bar("cost of a whole explanation", "whole.passes.mean", 6, 3, "forward passes", True),
)  # fmt: skip


def figures(methods: Mapping[str, Rows], whole: Rows) -> dict[str, Any]:
    """Return all figures: of each method, of whole explanations, and the bars."""
    occlusion = {each["review"]: each["scores"] for each in methods.get(WORDS, ())}
    found: dict[str, Any] = {
        "methods": {name: of_method(rows, occlusion) for name, rows in methods.items() if rows},
        "against_random": against(methods.get(CHOSEN, ()), methods.get(RANDOM, ())),
        "against_integrated": against(methods.get(CHOSEN, ()), methods.get(INTEGRATIONS[1], ())),
        "whole": of_whole(whole),
    }
    bars = [row(bar, look_up(found, bar.path)) for bar in BARS]
    return {**found, "bars": bars}


def of_method(rows: Rows, occlusion: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Return the means of one method with their spread, and both falls at each share of words."""
    agreements = [
        agreement(each["scores"], occlusion[each["review"]])
        for each in rows
        if each["review"] in occlusion
    ]
    return {
        "reviews": len(rows),
        **{fall: mean([float(np.mean(each[fall])) for each in rows]) for fall in FALLS},
        "passes": mean([each["passes"] for each in rows]),
        "agreement": mean(agreements),
        "at": {
            f"{share:.0%}": {fall: mean([each[fall][place] for each in rows]) for fall in FALLS}
            for place, share in enumerate(SHARES)
        },
    }


def agreement(scores: Sequence[float], others: Sequence[float]) -> float:
    """Return Spearman's correlation; nan where one of both says nothing about the order."""
    if min(np.ptp(scores), np.ptp(others)) == 0:
        return math.nan
    return float(spearmanr(scores, others).statistic)


def against(ours: Rows, other: Rows) -> dict[str, Any] | None:
    """Compare with another method on the reviews that both have; `times` has a bootstrap's 95 %."""
    theirs = {each["review"]: each for each in other}
    pairs = [(each, theirs[each["review"]]) for each in ours if each["review"] in theirs]
    if not pairs:
        return None
    falls = np.array([[np.mean(each["comprehensiveness"]) for each in pair] for pair in pairs])
    again = np.random.default_rng(0).integers(len(pairs), size=(1000, len(pairs)))
    means = falls[again].mean(1)
    return {
        "reviews": len(pairs),
        "times": float(falls[:, 0].mean() / falls[:, 1].mean()),
        "interval": np.percentile(means[:, 0] / means[:, 1], [2.5, 97.5]).tolist(),
        "cost": float(sum(b["passes"] for _, b in pairs) / sum(a["passes"] for a, _ in pairs)),
    }


def of_whole(rows: Rows) -> dict[str, Any] | None:
    """Return what whole explanations cost, and how many were called mixed or differ."""
    if not rows:
        return None
    kinds = {
        name: [each["mixed"] for each in rows if each["rating"] in ratings]
        for name, ratings in RATINGS.items()
    }
    return {
        "reviews": len(rows),
        "passes": mean([each["passes"] for each in rows]),
        "differs_percent": 100 * float(np.mean([each["differs"] for each in rows])),
        "mixed_percent": {name: 100 * float(np.mean(each)) for name, each in kinds.items() if each},
    }


def mean(values: Sequence[float]) -> dict[str, float] | None:
    """Return the mean, half the width of its 95 % interval, and the standard deviation."""
    known = np.array([each for each in values if not math.isnan(each)])
    if not len(known):
        return None
    deviation = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    half = 1.96 * deviation / math.sqrt(len(known))
    return {"mean": float(known.mean()), "half": half, "deviation": deviation}
