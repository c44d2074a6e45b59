"""What a trial has found, and the table of all."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Bar:
    """One figure and the most that it may be."""

    what: str
    value: float
    limit: float

    @property
    def holds(self) -> bool:
        """Return whether the bar is met."""
        return self.value <= self.limit


@dataclass(frozen=True)
class Result:
    """The bars of one trial, and figures that have none."""

    trial: str
    bars: list[Bar]
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def missed(self) -> list[str]:
        """The bars that are not met, in words."""
        return [f"{b.what}: {b.value:.4g} > {b.limit:.4g}" for b in self.bars if not b.holds]


def table(results: list[Result]) -> str:
    """Return all results as a Markdown table."""
    rows = [
        f"| {result.trial} | {bar.what} | {bar.value:.4g} | ≤ {bar.limit:.4g} | "
        f"{'pass' if bar.holds else '**short**'} |"
        for result in results
        for bar in result.bars
    ]
    notes = [
        f"- {result.trial}: "
        + ", ".join(f"{name} {value}" for name, value in result.figures.items())
        for result in results
        if result.figures
    ]
    head = ["| trial | measure | value | bar | |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, "", *notes])


def as_json(results: list[Result]) -> list[dict[str, Any]]:
    """Return all results for a JSON file."""
    return [asdict(result) for result in results]


def from_json(content: list[dict[str, Any]]) -> list[Result]:
    """Return the results of a JSON file."""
    return [
        Result(each["trial"], [Bar(**bar) for bar in each["bars"]], each["figures"])
        for each in content
    ]
