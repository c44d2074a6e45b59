"""What metrics.json holds and how it reads."""

import json

import numpy as np
import pytest

from training.evaluation import report
from training.evaluation.scoring import Scores


@pytest.fixture
def scores() -> Scores:
    """Four reviews: two positives found, one of two negatives missed with little confidence."""
    return Scores(
        labels=("negative", "positive"),
        ids=("a", "b", "c", "d"),
        truth=np.array([0, 0, 1, 1]),
        probabilities=np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.1, 0.9]]),
        words=np.array([10, 100, 300, 600]),
        truncated=np.array([False, False, False, True]),
        unscored={"empty_review": 2},
        seconds=2.0,
        engine="onnx-int8",
    )


def test_summary_holds_the_contracts_measures(scores: Scores) -> None:
    measured = report.summarise(scores)
    assert measured["n"] == 4
    assert measured["accuracy"] == 0.75
    assert measured["ece"] == pytest.approx((0.1 + 0.1) / 4 + 0.6 / 4 + 0.2 / 4)
    assert measured["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.9]).mean())
    assert measured["accuracy_at_90_coverage"] == 0.75
    assert measured["threshold_at_90_coverage"] == 0.6
    assert measured["per_label"]["negative"] == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": 2 / 3,
        "support": 2,
    }
    assert measured["confusion_matrix"]["counts"] == [[1, 1], [0, 2]]
    assert measured["reviews_per_second"] == 2.0
    assert measured["truncated"] == {"n": 1, "share": 0.25, "accuracy": 1.0}
    assert [bucket["count"] for bucket in measured["accuracy_by_words"]] == [1, 1, 1, 1]


def test_summary_is_plain_json(scores: Scores) -> None:
    measured = report.summarise(scores)
    assert json.loads(json.dumps(measured)) == measured


def test_accuracy_of_cut_reviews_is_unknown_when_none_was_cut(scores: Scores) -> None:
    uncut = Scores(**{**scores.__dict__, "truncated": np.zeros(4, bool)})
    assert report.summarise(uncut)["truncated"] == {"n": 0, "share": 0.0, "accuracy": None}


def test_classification_report_has_four_digits(scores: Scores) -> None:
    lines = report.classification_report(report.summarise(scores)).splitlines()
    assert lines[1].split() == ["negative", "1.0000", "0.5000", "0.6667", "2"]
    assert lines[2].split() == ["positive", "0.6667", "1.0000", "0.8000", "2"]
    assert lines[4].split() == ["accuracy", "0.7500", "4"]
    assert lines[5].split() == ["macro", "average", "0.8333", "0.7500", "0.7333", "4"]


def test_printed_report_says_what_was_left_out_and_how_lengths_fare(scores: Scores) -> None:
    text = report.render(report.summarise(scores))
    assert "left out, because they cannot be scored: empty_review: 2" in text
    assert "| 65–128   | 1       | 0.00% ± 0.00%   |" in text
    assert "| over 512 |" in text


def test_markdown_table_lines_up_and_keeps_bars_inside_cells() -> None:
    table = report.markdown_table(("name", "value"), [("a|b", "1"), ("c", "22")])
    assert table.splitlines() == [
        "| name | value |",
        "|------|-------|",
        "| a\\|b | 1     |",
        "| c    | 22    |",
    ]
