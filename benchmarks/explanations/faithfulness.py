"""What a method's order of the words is worth on one review, and what it costs.

Comprehensiveness is how far the verdict's probability falls without the words that a method names
first, sufficiency how far it falls with nothing but them (DeYoung et al., "ERASER", ACL 2020): a
faithful method has a high comprehensiveness and a low sufficiency.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeVar

import numpy as np

from benchmarks.explanations.cases import Case, Score, Scores

P = ParamSpec("P")
R = TypeVar("R")

SHARES: Final = (0.01, 0.05, 0.1, 0.2, 0.5)


@dataclass(frozen=True)
class Measured:
    """One method on one review; both falls have one value for each of SHARES."""

    review: str
    comprehensiveness: list[float]
    sufficiency: list[float]
    #: processor time, in forward passes of the fp32 network over the same review
    passes: float
    #: one score per word
    scores: list[float]


def measure(
    name: str,
    case: Case,
    method: Callable[[Case], Scores],
    forward: Callable[[list[int]], Any],
    score: Score,
) -> Measured:
    """Run one method on the review of that name and measure its order of the words."""
    pass_seconds = timed(forward, case.ids)[1]
    scores, seconds = timed(method, case)
    falls = faithfulness(case, scores, score)
    return Measured(name, *falls, seconds / pass_seconds, scores.round(6).tolist())


def faithfulness(case: Case, scores: Scores, score: Score) -> tuple[list[float], list[float]]:
    """Return comprehensiveness and sufficiency at each share of the words."""
    order = np.argsort(-scores, kind="stable").tolist()
    counts = [max(1, math.ceil(share * len(order))) for share in SHARES]
    removed = [case.without(order[:count]) for count in counts]
    kept = [case.without(order[count:]) for count in counts]
    probabilities = score([case.ids, *removed, *kept])[:, case.label]
    falls = (probabilities[0] - probabilities[1:]).tolist()
    return falls[: len(counts)], falls[len(counts) :]


def timed(function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> tuple[R, float]:
    """Return a result and its processor time, which other programs hardly stretch."""
    start = time.process_time()
    result = function(*arguments, **options)
    return result, max(time.process_time() - start, 1e-6)
