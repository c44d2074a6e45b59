"""The comparison of ways to explain: its pieces are kept, its figures follow their definitions."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.explanations import agreement
from benchmarks.explanations.cases import Case, Scores, make_case, shuffled
from benchmarks.explanations.faithfulness import faithfulness
from benchmarks.explanations.figures import against, figures, mean
from benchmarks.explanations.laboratory import ANSWERS, Laboratory
from benchmarks.explanations.methods import CHOSEN, GRADIENT, RANDOM, SENTENCES, WORDS
from benchmarks.explanations.pieces import Piece, missing, planned, read, seconds_left, write
from benchmarks.explanations.report import markdown, plot
from benchmarks.explanations.served import WHOLE
from handler.encoding import Encoder
from handler.words import Word
from tests.unit.conftest import make_settings, make_tokenizer
from training.data.readers import Review

REVIEWS = [
    Review(f"train/pos/{number}_{7 + 3 * number}", text, "pos")
    for number, text in enumerate(("A fine film. A dull end.", "Not bad at all!"))
]


def case_of(count: int) -> Case:
    """A review of that many words with one token each, whose ids are their places."""
    words = [Word(place, place + 1, (place,)) for place in range(count)]
    return Case(list(range(count)), words, [0] * count, 0)


def share_of_first_words(reviews: Sequence[list[int]]) -> Scores:
    """Score reviews by how many of their tokens are among the first ten."""
    first = np.array([sum(token < 10 for token in ids) / 10 for ids in reviews])
    return np.stack([first, 1 - first], axis=1)


def test_falls_are_measured_at_each_share_of_the_words() -> None:
    best_first = -np.arange(100.0)
    comprehensiveness, sufficiency = faithfulness(case_of(100), best_first, share_of_first_words)
    assert comprehensiveness == pytest.approx([0.1, 0.5, 1, 1, 1])
    assert sufficiency == pytest.approx([0.9, 0.5, 0, 0, 0])


def test_each_word_knows_its_sentence() -> None:
    encoder = Encoder(make_tokenizer(), make_settings())
    case = make_case(encoder, REVIEWS[0].text, lambda ids: np.array([[0.2, 0.8]] * len(ids)))
    assert case.label == 1
    assert case.sentences == [1] * 4 + [2] * 4
    assert len(case.without([0])) == len(case.ids) - 1


def test_a_smaller_sample_is_the_beginning_of_a_larger_one() -> None:
    reviews = [Review(str(number), "", None) for number in range(100)]
    order = shuffled(reviews)
    assert order == shuffled(reviews[::-1]) != reviews
    assert sorted(order, key=lambda review: int(review.id)) == reviews


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    pieces = planned({"a × b": 14, "c": 1})
    assert [(piece.method, piece.first, piece.end) for piece in pieces] == [
        ("a × b", 0, 1), ("c", 0, 1), ("a × b", 1, 11), ("a × b", 11, 14),
    ]  # fmt: skip
    write(tmp_path, pieces[0], [{"review": "1"}], 2.0, "engine")
    assert missing(tmp_path, pieces) == pieces[1:]
    assert [content["rows"] for _, content in read(tmp_path, pieces)] == [[{"review": "1"}]]
    assert seconds_left(tmp_path, pieces) == pytest.approx(13 * 2.0)


def test_methods_are_compared_on_the_reviews_that_both_have() -> None:
    def row(review: str, fall: float, passes: float) -> dict[str, Any]:
        return {"review": review, "comprehensiveness": [fall] * 5, "passes": passes}

    ours = [row("1", 0.8, 2), row("2", 0.6, 2), row("3", 0.1, 2)]
    found = against(ours, [row("2", 0.2, 40), row("1", 0.15, 40)])
    assert found is not None
    assert (found["reviews"], found["times"], found["cost"]) == (2, pytest.approx(4), 20)
    assert found["interval"][0] <= 4 <= found["interval"][1]
    assert against(ours, []) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], None), ([float("nan")], None), ([2.0], (2, 0)), ([1.0, 3.0], (2, 1.96))],
)
def test_mean_has_half_an_interval(
    values: list[float], expected: tuple[float, float] | None
) -> None:
    found = mean(values)
    assert (found and (found["mean"], found["half"])) == (expected and pytest.approx(expected))


def test_every_method_is_measured_and_shown(
    make_checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_checkpoint()
    laboratory = Laboratory(folder, 1, "torch-fp32")
    every = (CHOSEN, GRADIENT, RANDOM, SENTENCES, WORDS, WHOLE)
    rows = {method: laboratory.run(method, REVIEWS) for method in every}
    whole = rows.pop(WHOLE)
    assert [each["rating"] for each in whole] == [7, 10]
    assert not any(each["differs"] for each in whole)
    found = figures(rows, whole)
    assert found["methods"][WORDS]["agreement"]["mean"] == pytest.approx(1)
    heading = {"when": "today", "checkpoint": "1", "engine": "torch-fp32", "threads": 1}
    text = markdown({**heading, **found})
    assert all(f"| {method} | 2 |" in text for method in rows)
    plot(found, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000


def test_an_engine_and_the_network_behind_it_are_compared(
    make_checkpoint: Callable[..., Path],
) -> None:
    rows = Laboratory(make_checkpoint(), 1, "torch-fp32").run(ANSWERS, REVIEWS)
    assert [row["review"] for row in rows] == [review.id for review in REVIEWS]
    assert all(row["engine"] == pytest.approx(row["fp32"], abs=1e-5) for row in rows)
    other = {"engine": [0.6, 0.4], "fp32": [0.4, 0.6]}
    found = agreement.figures([{"engine": [0.9, 0.1], "fp32": [0.8, 0.2]}, other], 0.7)
    assert (found["flips_percent"], found["certain"], found["flips_among_certain"]) == (50, 1, 0)


def test_a_piece_is_named_after_its_method_and_reviews() -> None:
    assert Piece("gradient × input", 11, 21).file == "gradient-x-input-00011-00021.json"
