"""Whether two engines give the same answers: counted, and gone on with after a stop."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import answers
from benchmarks.answers import compare_answers, differences
from benchmarks.engines import OURS
from benchmarks.model_files import ModelFiles
from training.data.readers import Review


def test_flips_and_accuracies_are_counted() -> None:
    fast = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
    reference = np.array([[0.8, 0.2], [0.6, 0.4], [0.2, 0.8]])
    found = differences(fast, reference, np.array([0, 0, 1]))
    assert found["flips_percent"] == pytest.approx(100 / 3)
    assert found["accuracy_percent"] == {"int8": pytest.approx(200 / 3), "fp32": 100.0}
    assert found["max_abs_dp"] == pytest.approx(0.2)


def test_what_was_scored_is_not_scored_again(
    make_checkpoint: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_checkpoint(labels=("negative", "positive"))
    scored: list[int] = []

    class Engine:
        def __init__(self, name: str, *_: Any) -> None:
            self.sign = 1 if name == OURS else -1

        def score(self, reviews: list[list[int]]) -> tuple[float, Any]:
            scored.append(len(reviews))
            return 0.0, self.sign * np.array([[0.0, len(review) - 5.5] for review in reviews])

        def close(self) -> None:
            pass

    monkeypatch.setattr(answers, "Contestant", Engine)
    monkeypatch.setattr(answers, "PIECE", 2)
    reviews = [Review(str(n), "x" * n, "positive") for n in (1, 2, 9)]
    files = ModelFiles(tmp_path)  # it holds `checkpoint`
    first = compare_answers(files, reviews, 1)
    assert scored == [2, 1, 2, 1]
    assert first["flips_percent"] == 100.0
    assert compare_answers(files, reviews, 1) == first
    assert scored == [2, 1, 2, 1]
