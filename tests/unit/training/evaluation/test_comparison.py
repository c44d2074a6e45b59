"""Two runs on the same reviews: McNemar's test, flips, and what cannot be compared."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from training.data.readers import DataError
from training.evaluation import comparison as compare
from training.stages.compare import main

TRUTH = ("positive", "positive", "negative", "negative")
MEASURED = {
    "n": 4,
    "accuracy": 0.75,
    "standard_error": 0.2165,
    "ece": 0.1,
    "log_loss": 0.5,
    "accuracy_at_90_coverage": 0.75,
    "reviews_per_second": 100.0,
    "engine": "table",
}


def write_run(
    folder: Path,
    predictions: Sequence[str],
    probabilities: Sequence[float] = (0.9, 0.9, 0.9, 0.9),
    truth: Sequence[str] = TRUTH,
) -> Path:
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps(MEASURED))
    rows = zip(range(len(truth)), truth, predictions, probabilities, strict=True)
    lines = [f"{n},{label},{prediction},0.9,{p}" for n, label, prediction, p in rows]
    header = "id,label,prediction,probability,label_probability"
    (folder / "predictions.csv").write_text("\n".join([header, *lines]) + "\n")
    return folder


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        (0, 0, 1.0),
        (1, 1, 1.0),
        (0, 5, 2 / 2**5),
        (1, 7, 2 * (1 + 8) / 2**8),
        (2, 8, 2 * (1 + 10 + 45) / 2**10),
    ],
)
def test_mcnemar_is_the_two_sided_binomial_on_the_discordant_reviews(
    only_first: int, only_second: int, p_value: float
) -> None:
    first = np.array([True] * only_first + [False] * only_second + [True] * 20)
    second = np.array([False] * only_first + [True] * only_second + [True] * 20)
    test = compare.mcnemar(first, second)
    assert (test.only_first, test.only_second) == (only_first, only_second)
    assert test.p_value == pytest.approx(p_value)


def test_mcnemar_agrees_with_the_chi_square_form_on_many_reviews() -> None:
    # Edwards' (|400 − 330| − 1)² / 730 = 6.522; its tail at one degree of freedom is 0.0107.
    first = np.array([True] * 400 + [False] * 330)
    assert compare.mcnemar(first, ~first).p_value == pytest.approx(0.0107, abs=0.0002)


def test_comparison_counts_flips_and_the_move_of_the_true_labels_probability(
    tmp_path: Path,
) -> None:
    base = compare.read_run(
        write_run(tmp_path / "base", ("positive", "positive", "positive", "negative"))
    )
    run = compare.read_run(
        write_run(
            tmp_path / "run", ("positive", "negative", "negative", "negative"), (0.9, 0.4, 0.8, 0.9)
        )
    )
    found = compare.compare(base, run)
    assert (found.base, found.run) == (f"{tmp_path.name}/base", f"{tmp_path.name}/run")
    assert found.accuracy_gain == 0.0
    assert found.flips == 0.5
    assert found.mean_probability_change == pytest.approx((0.5 + 0.1) / 4)
    assert (found.only_base_right, found.only_run_right, found.p_value) == (1, 1, 1.0)


def test_rows_are_paired_by_id_whatever_their_order(tmp_path: Path) -> None:
    base = write_run(tmp_path / "base", ("positive", "positive", "negative", "positive"))
    run = write_run(tmp_path / "run", ("positive", "positive", "negative", "positive"))
    header, *lines = (run / "predictions.csv").read_text().splitlines()
    (run / "predictions.csv").write_text("\n".join([header, *reversed(lines)]))
    assert compare.compare(compare.read_run(base), compare.read_run(run)).flips == 0.0


def test_runs_on_other_reviews_cannot_be_compared(tmp_path: Path) -> None:
    base = compare.read_run(write_run(tmp_path / "base", TRUTH))
    other = compare.read_run(write_run(tmp_path / "other", TRUTH[:2], (0.9, 0.9), TRUTH[:2]))
    names = f"'{tmp_path.name}/base', 2 in '{tmp_path.name}/other'"
    with pytest.raises(DataError, match=re.escape(f"found 4 in {names} and 2 ids in both")):
        compare.compare(base, other)


def test_tables_hold_every_run_and_the_gain_in_points(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_run(tmp_path / "base", ("negative",) * 4)
    run = write_run(tmp_path / "run", TRUTH)
    main([str(base), str(run)])
    out = capsys.readouterr().out
    assert "75.00% ± 21.65%" in out
    assert "+50.00" in out
    assert "| 0.5 " in out  # two discordant reviews, both for the run: 2 / 2²


def test_folder_without_an_evaluation_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", TRUTH)
    with pytest.raises(SystemExit, match="2"):
        main([str(run), str(tmp_path / "nothing")])
    assert "nothing: expected metrics.json and predictions.csv" in capsys.readouterr().err


def test_predictions_without_a_column_are_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", TRUTH)
    (run / "predictions.csv").write_text("id,label\n1,positive\n")
    with pytest.raises(DataError, match="found unfit ones"):
        compare.read_run(run)


def test_one_run_alone_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert "at least two runs" in capsys.readouterr().err
