"""Promotion: the shipped checkpoint gives way only to one better by over one standard error."""

import math
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from tests.unit.training.table_scorer import TableScorer
from training.stages import promote


def answers(both: int, only_candidate: int, only_shipped: int, none: int) -> list[np.ndarray]:
    """Whether the candidate and the shipped checkpoint are right on each review."""
    counts = (both, only_candidate, only_shipped, none)
    pairs = [(True, True), (True, False), (False, True), (False, False)]
    rows = [pair for pair, count in zip(pairs, counts, strict=True) for _ in range(count)]
    return list(np.array(rows, dtype=bool).reshape(-1, 2).T)


@pytest.mark.parametrize(
    ("counts", "better"),
    [
        # Gain 0.06; squared deviations 14 - 0.36, standard error sqrt(13.64 / 99 / 100) = 0.0371
        ((80, 10, 4, 6), True),
        # Gain 0.02; squared deviations 18 - 0.04, standard error 0.0426
        ((80, 10, 8, 2), False),
        # Gain 0.04; squared deviations 12 - 0.16, standard error 0.0346: just enough
        ((80, 8, 4, 8), True),
        ((80, 4, 8, 8), False),
        ((90, 0, 0, 10), False),
    ],
)
def test_better_means_by_over_one_standard_error(
    counts: tuple[int, int, int, int], better: bool
) -> None:
    candidate, shipped = answers(*counts)
    gain, disagreeing = (counts[1] - counts[2]) / 100, (counts[1] + counts[2]) / 100
    error = math.sqrt((disagreeing - gain**2) / 99)
    assert promote.is_better(candidate, shipped) is better is (gain > error)


BETTER, LEVEL, WORSE = (80, 10, 4, 6), (80, 10, 8, 2), (80, 4, 10, 6)
NO_CASES = (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("reviews", "cases", "wins"),
    [
        (BETTER, NO_CASES, True),
        (BETTER, WORSE, True),
        (LEVEL, BETTER, True),
        (LEVEL, LEVEL, False),
        (LEVEL, NO_CASES, False),
        (WORSE, BETTER, False),
    ],
)
def test_level_on_reviews_the_behaviour_suite_decides(
    reviews: tuple[int, int, int, int], cases: tuple[int, int, int, int], wins: bool
) -> None:
    of_reviews, of_cases = answers(*reviews), answers(*cases)
    candidate, shipped = (promote.Results(*each) for each in zip(of_reviews, of_cases, strict=True))
    assert candidate.beats(shipped) is wins


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command on two folders: the candidate is always right, the shipped one half the time."""
    data = write_table(
        tmp_path / "reviews.csv", make_rows({"negative": 100, "positive": 100}, WORDS)
    )
    for name in ("candidate", "shipped"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(name)
    (tmp_path / "shipped" / "README.md").write_text("the shipped one's card")
    right = TableScorer(lambda text: (0.9, 0.1) if says(text, "negative") else (0.1, 0.9))
    guess = TableScorer(lambda text: (0.9, 0.1))
    scorers = {"candidate": right, "shipped": guess}
    monkeypatch.setattr(promote, "load_scorer", lambda path, engine: scorers[path.name])
    return ["--data", str(data)]


def says(text: str, label: str) -> bool:
    return any(word in text for word in WORDS[label])


def run(command: list[str], candidate: Path, shipped: Path) -> None:
    promote.main([*command, "--candidate", str(candidate), "--shipped", str(shipped)])


def test_better_candidate_takes_the_whole_place(command: list[str], tmp_path: Path) -> None:
    run(command, tmp_path / "candidate", tmp_path / "shipped")
    assert {path.name: path.read_text() for path in (tmp_path / "shipped").iterdir()} == {
        "config.json": "candidate"
    }
    assert (tmp_path / "candidate" / "config.json").exists()
    assert not list(tmp_path.glob(".*"))


def test_worse_candidate_changes_nothing(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(command, tmp_path / "shipped", tmp_path / "candidate")
    assert (tmp_path / "candidate" / "config.json").read_text() == "candidate"
    assert "kept: the candidate is not better" in capsys.readouterr().out


def test_first_checkpoint_needs_no_rival(command: list[str], tmp_path: Path) -> None:
    run(command, tmp_path / "candidate", tmp_path / "store" / "checkpoint")
    assert (tmp_path / "store" / "checkpoint" / "config.json").read_text() == "candidate"


def test_full_disk_leaves_the_shipped_checkpoint(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_a_copy(source: Path, target: Path, **_: object) -> None:
        (target / "config.json").touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copytree", half_a_copy)
    with pytest.raises(SystemExit) as stopped:
        run(command, tmp_path / "candidate", tmp_path / "shipped")
    assert stopped.value.code == 2
    assert (tmp_path / "shipped" / "config.json").read_text() == "shipped"
    assert not list(tmp_path.glob(".*"))


def test_candidate_with_other_labels_is_one_line(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scorer = TableScorer(lambda text: (0.5, 0.5), ("bad", "good"))
    monkeypatch.setattr(promote, "load_scorer", lambda path, engine: scorer)
    with pytest.raises(SystemExit):
        run(command, tmp_path / "candidate", tmp_path / "shipped")
    error = capsys.readouterr().err
    assert error.startswith("error: expected the checkpoint's labels (bad, good)")
    assert error.count("\n") == 1
