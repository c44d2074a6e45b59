"""Percentiles, spreads and ratios against figures worked out by hand."""

import pytest

from benchmarks.servers import median_difference
from benchmarks.statistics import percentile, percentiles_ms, ratios, spread


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7.0], 99, 7.0),
        ([4.0, 1.0, 3.0, 2.0], 50, 2.5),  # halfway between the second and the third
        ([10.0, 20.0, 30.0, 40.0, 50.0], 95, 48.0),  # place 3.8: 40 + 0.8 of 10
        ([10.0, 20.0, 30.0, 40.0, 50.0], 0, 10.0),
        ([10.0, 20.0, 30.0, 40.0, 50.0], 100, 50.0),
    ],
)
def test_percentile_interpolates_between_neighbours(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == pytest.approx(expected)


def test_percentiles_are_named_and_in_milliseconds() -> None:
    found = percentiles_ms([number / 1000 for number in range(1, 102)])
    assert found == pytest.approx({"p50_ms": 51.0, "p95_ms": 96.0, "p99_ms": 100.0})


def test_spread_is_median_lowest_and_highest() -> None:
    assert spread([3.0, 9.0, 4.0]).as_json() == {"median": 4.0, "low": 3.0, "high": 9.0}


def test_ratios_are_taken_round_by_round() -> None:
    # A round in which everything took twice as long changes no ratio.
    assert ratios([2.0, 4.0, 3.0], [1.0, 2.0, 1.5]).as_json() == {
        "median": 2.0, "low": 2.0, "high": 2.0,
    }  # fmt: skip


def test_ratios_of_unequal_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize("function", [spread, percentiles_ms])
def test_nothing_measured_is_an_error(function: object) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match="at least one value"):
        function([])


def test_added_time_is_the_median_of_the_differences_not_the_difference_of_medians() -> None:
    # Medians are 20 and 22, but the reviews grew by 1, 2 and 9.
    assert median_difference([11.0, 22.0, 109.0], [10.0, 20.0, 100.0]) == 2.0
