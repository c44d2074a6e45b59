"""Reports become a CSV that training takes: without test reviews, without contradictions."""

import csv
from pathlib import Path

import pytest

from contract.feedback import Report
from gateway.feedback_store import FeedbackStore
from training.data.readers import read_split
from training.stages.feedback import main


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "feedback.sqlite"
    store = FeedbackStore(str(path), 30)
    for review, right in (
        ("Not bad, at all.", "positive"),
        ("A test review!", "negative"),
        ("Who knows", "positive"),
        ("Who knows", "negative"),
        ('Commas, "quotes"\nand lines', "negative"),
    ):
        given = "negative" if right == "positive" else "positive"
        store.add(Report(review, given, right, "1"))
    return path


@pytest.fixture
def test_data(tmp_path: Path) -> Path:
    path = tmp_path / "test.csv"
    path.write_text("review,label\na test review,positive\nanother one,negative\n")
    return path


def export(database: Path, test_data: Path, output: Path) -> None:
    paths = ["--database", str(database), "--test-data", str(test_data), "--output", str(output)]
    main(["export", *paths])


def test_the_csv_is_what_training_reads(
    database: Path, test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "feedback.csv"
    export(database, test_data, output)
    assert "2 of 5 reports" in capsys.readouterr().out
    reviews = {review.text: review.label for review in read_split(output)}
    assert reviews == {
        "Not bad, at all.": "positive",
        'Commas, "quotes"\nand lines': "negative",
    }
    with output.open(newline="") as file:
        assert next(csv.reader(file)) == ["review", "label"]


@pytest.mark.parametrize("content", [None, b"", b"no database"])
def test_a_file_that_is_no_store_is_said_in_one_line(
    content: bytes | None, test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "other.sqlite"
    if content is not None:
        database.write_bytes(content)
    with pytest.raises(SystemExit, match="2"):
        export(database, test_data, tmp_path / "out.csv")
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "expected a" in error
    assert not (tmp_path / "out.csv").exists()
