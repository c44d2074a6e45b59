"""The few statistics that the tables need: percentiles, medians and how far the rounds spread."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """The median of a figure over the rounds, with its lowest and highest value."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.4g} ({self.low:.4g}–{self.high:.4g})"

    def as_json(self) -> dict[str, float]:
        """Return the three figures by name."""
        return asdict(self)


def spread(values: Sequence[float]) -> Spread:
    """Summarise one figure per round; raises ValueError without any."""
    if not values:
        raise ValueError("expected at least one value, found none")
    return Spread(median(values), min(values), max(values))


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """Summarise the ratios round by round: what disturbs a whole round cancels."""
    return spread([a / b for a, b in zip(numerators, denominators, strict=True)])


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile, interpolated between neighbours; raises ValueError without values."""
    if not values:
        raise ValueError("expected at least one value, found none")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def percentiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 of latencies in milliseconds, from seconds."""
    return {f"p{p}_ms": percentile(seconds, p) * 1e3 for p in (50, 95, 99)}
