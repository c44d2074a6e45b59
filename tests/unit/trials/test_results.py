"""Results of trials: kept one by one, so that they can be found in pieces."""

from pathlib import Path

from tests.trials.__main__ import keep
from tests.trials.results import Bar, Result, table


def test_a_bar_is_met_up_to_its_limit() -> None:
    result = Result("load", [Bar("lost", 0, 0), Bar("p99 (s)", 1.51, 1.5)], {"requests": 7})
    assert result.missed == ["p99 (s): 1.51 > 1.5"]
    assert "| load | lost | 0 | ≤ 0 | pass |" in table([result])
    assert "| load | p99 (s) | 1.51 | ≤ 1.5 | **short** |" in table([result])
    assert "- load: requests 7" in table([result])


def test_a_later_result_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    for trial, value in (("first", 1.0), ("second", 2.0), ("first", 3.0)):
        keep(tmp_path, Result(trial, [Bar("lost", value, 9)]))
    kept = (tmp_path / "trials.md").read_text()
    assert kept.count("| first |") == 1
    assert "| first | lost | 3 |" in kept
    assert "| second | lost | 2 |" in kept
