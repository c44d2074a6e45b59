"""The linear reference: measured by evaluation's own code, on validation unless told otherwise."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.answer import Prediction
from contract.errors import ReviewError
from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training.data.readers import DataError, Review
from training.data.splits import load_splits
from training.evaluation import comparison as compare
from training.evaluation.references import ReferenceScorer, reviews_of
from training.stages import linear
from training.teachers.linear import fit_vectorizer

# Log-odds of "positive": 2 for a text that says so, -1 for any other.
ODDS = {"yes": 2.0, "no": -1.0}


def log_probabilities(texts: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[0.0, ODDS[text]] for text in texts])


@pytest.fixture
def scorer() -> ReferenceScorer:
    return ReferenceScorer(("negative", "positive"), "table", log_probabilities)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_table(tmp_path / "reviews.csv", make_rows({"negative": 40, "positive": 40}, WORDS))


def run(data: Path, output: Path, *arguments: str) -> dict[str, object]:
    linear.main(["--data", str(data), "--output", str(output), *arguments])
    measured: dict[str, object] = json.loads((output / "metrics.json").read_text())
    return measured


def test_scorer_answers_in_order_with_errors_in_their_place(scorer: ReferenceScorer) -> None:
    yes, blank, no = scorer.predict(["yes", "  ", "no"])
    assert isinstance(yes, Prediction)
    assert isinstance(no, Prediction)
    assert isinstance(blank, ReviewError)
    assert (yes.label, blank.code, no.label) == ("positive", "empty_review", "negative")
    assert yes.confidence == pytest.approx(1 / (1 + np.exp(-2)))
    assert no.probabilities == pytest.approx(
        {"negative": 1 / (1 + np.exp(-1)), "positive": 1 / (1 + np.exp(1))}
    )
    assert [answer.code for answer in scorer.predict([" "]) if isinstance(answer, ReviewError)]


def test_temperature_is_the_one_that_makes_confidence_true(scorer: ReferenceScorer) -> None:
    # 3 of 4 are positive: log-odds of log 3, which 2 / T has to equal.
    reviews = [Review(str(n), "yes", "negative" if n % 4 == 0 else "positive") for n in range(40)]
    scorer.calibrate(reviews)
    assert scorer.temperature == pytest.approx(2 / np.log(3), rel=1e-3)


def test_writes_what_evaluation_writes_and_compares_with_it(data: Path, tmp_path: Path) -> None:
    plain = run(data, tmp_path / "plain")
    run(data, tmp_path / "tutorial", "--cleaning", "tutorial")
    written = {path.name for path in (tmp_path / "plain").iterdir()}
    assert written == {
        "confusion_matrix.png",
        "coverage.png",
        "metrics.json",
        "predictions.csv",
        "reliability.png",
    }
    assert (plain["split"], plain["n"], plain["accuracy"]) == ("validation", 8, 1.0)
    base, other = (compare.read_run(tmp_path / name) for name in ("plain", "tutorial"))
    assert compare.compare(base, other).flips == 0.0


def test_the_tutorials_cleaning_cannot_tell_good_from_not_good(tmp_path: Path) -> None:
    rows = [
        (f"film number {n} was {negation}{word}", label)
        for n in range(20)
        for negation, word, label in (
            ("", "good", "positive"),
            ("not ", "good", "negative"),
            ("", "bad", "negative"),
            ("not ", "bad", "positive"),
        )
    ]
    data = write_table(tmp_path / "negation.csv", rows)
    # Strongly regularised: what contradicts itself cannot be fitted.
    weak = ("--inverse-regularisation", "1")
    assert run(data, tmp_path / "plain", *weak)["accuracy"] == 1.0
    accuracy = run(data, tmp_path / "cleaned", "--cleaning", "tutorial", *weak)["accuracy"]
    assert isinstance(accuracy, float)
    # "good" and "not good" become one text with both labels: a coin is the best that is left.
    assert accuracy <= 0.5


def test_table_has_a_test_part_under_the_tutorials_protocol_only(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = run(data, tmp_path / "out", "--protocol", "tutorial", "--split", "test")
    assert (measured["split"], measured["n"]) == ("test", 16)
    with pytest.raises(SystemExit) as stopped:
        run(data, tmp_path / "out", "--split", "test")
    assert stopped.value.code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: expected data with a test part")


def test_test_reviews_are_neither_fitted_nor_calibrated_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = load_splits(data, "review", "label", "tutorial")
    fitted: list[str] = []
    calibrated: list[Review] = []
    fit = fit_vectorizer

    def watched(texts: list[str]) -> object:
        fitted.extend(texts)
        return fit(texts)

    monkeypatch.setattr(linear, "fit_vectorizer", watched)
    monkeypatch.setattr(
        ReferenceScorer, "calibrate", lambda self, reviews: calibrated.extend(reviews)
    )
    run(data, tmp_path / "out", "--protocol", "tutorial", "--split", "test")
    assert fitted == [review.text for review in splits.train]
    assert calibrated == splits.validation


def test_part_with_an_unknown_label_is_refused(data: Path) -> None:
    splits = load_splits(data, "review", "label", "tutorial")
    splits.test.append(Review("x", "odd", "unheard of"))
    with pytest.raises(DataError, match="'unheard of'"):
        reviews_of(splits, "test")


def test_missing_column_is_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(data, tmp_path / "out", "--label-column", "stars")
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "expected a column named 'stars'" in error
