"""How verdicts are counted, in training and in service alike, so that the two can be compared."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, Final

# Upper bounds of the buckets; what lies above the last one is the last bucket.
CONFIDENCE_BOUNDS: Final = (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99)
TOKEN_BOUNDS: Final = (8, 16, 32, 64, 128, 192, 256, 384, 511)

QUANTITIES: Final = ("confidence", "tokens", "label")

Counts = dict[str, int]


def buckets(prediction: Mapping[str, Any]) -> dict[str, str]:
    """Return the bucket of one prediction's JSON in each quantity, its label being its own."""
    return {
        "confidence": _bucket(CONFIDENCE_BOUNDS, prediction["confidence"]),
        "tokens": _bucket(TOKEN_BOUNDS, prediction["tokens"]),
        "label": str(prediction["label"]),
    }


def _bucket(bounds: Sequence[float], value: float) -> str:
    index = bisect_left(bounds, value)
    return "+Inf" if index == len(bounds) else f"{bounds[index]:g}"


def stability_index(expected: Counts, found: Counts) -> float:
    """Return the population stability index of two counts by bucket: 0 is the same distribution.

    Half a count is added to each bucket, so that an empty one has a logarithm. By convention below
    0.1 is no shift, above 0.25 a large one.
    """
    names = expected.keys() | found.keys()
    shares = [
        (_share(expected, name, len(names)), _share(found, name, len(names))) for name in names
    ]
    return sum((new - old) * math.log(new / old) for old, new in shares)


def _share(counts: Counts, name: str, buckets: int) -> float:
    return (counts.get(name, 0) + 0.5) / (sum(counts.values()) + 0.5 * buckets)
