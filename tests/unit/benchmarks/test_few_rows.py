"""Few rows: which cells, which rows, and what the table says of them."""

import json
from pathlib import Path

import pytest

from benchmarks import few_rows
from benchmarks.few_rows import Cell, Result
from benchmarks.labelled_sets import LabelledSet, write_rows
from training.data.readers import Review


@pytest.fixture
def rows() -> LabelledSet:
    """Two labels of 20 texts each, two of them held out."""
    reviews = [Review(f"{n}", f"text {n}", "up" if n % 2 else "down") for n in range(40)]
    return LabelledSet(reviews[2:], reviews[:2])


def test_draws_have_so_many_rows_of_each_label_and_differ_by_seed(rows: LabelledSet) -> None:
    first, again, other = rows.draw(5, 0), rows.draw(5, 0), rows.draw(5, 1)
    assert [review.label for review in first] == ["down"] * 5 + ["up"] * 5
    assert first == again
    assert first != other
    assert not {review.text for review in first} & {review.text for review in rows.held_out}


def test_a_larger_draw_holds_the_smaller_one(rows: LabelledSet) -> None:
    assert set(rows.draw(4, 0)) < set(rows.draw(8, 0))


def test_cells_that_are_there_are_not_measured_again(
    rows: LabelledSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    measured: list[str] = []

    def measure(cell: Cell, _: object) -> Result:
        measured.append(cell.name)
        return Result(0.5 + 0.1 * cell.seed, 1.5, 2_000_000)

    monkeypatch.setattr(few_rows, "measure", measure)
    words = ["--encoder", "x", "--sets", "verdicts", "--methods", "linear", "--rows", "16"]
    words += ["--output", str(tmp_path / "few")]
    few_rows.main([*words, "--seeds", "1"])
    few_rows.main([*words, "--seeds", "2"])
    assert measured == ["verdicts-16-linear-0", "verdicts-16-linear-1"]
    assert len(json.loads((tmp_path / "few.json").read_text())) == 2
    cells = [cell.strip() for cell in (tmp_path / "few.md").read_text().splitlines()[2].split("|")]
    assert cells[1:-1] == ["verdicts", "16", "linear", "55.0 % ± 7.1", "2", "1.5", "2.0"]


def test_the_linear_model_learns_a_table(tmp_path: Path) -> None:
    texts = [("good film", "up"), ("bad film", "down")] * 10
    table = [Review(str(n), f"{text} {n % 4}", label) for n, (text, label) in enumerate(texts)]
    for name in ("train", "held-out"):
        write_rows(tmp_path / f"{name}.csv", table)
    options = few_rows.parse_arguments(["--encoder", "x"])
    result = few_rows.linear(tmp_path / "train.csv", tmp_path / "held-out.csv", 0, options)
    assert result.accuracy == 1.0
    assert result.bytes > 0
