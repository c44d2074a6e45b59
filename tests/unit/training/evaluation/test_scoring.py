"""From reviews to arrays of answers, and what data is refused before a model is asked."""

import math

import pytest

from tests.unit.training.table_scorer import TableScorer
from training.data.readers import DataError, Review
from training.evaluation.scoring import REVIEWS_PER_CALL, check_evaluable, score_reviews

LABELS = ("negative", "positive")


def reviews_with(*labels: str | None) -> list[Review]:
    return [Review(str(n), f"text {n}", label) for n, label in enumerate(labels)]


def test_scores_keep_order_truth_and_probabilities() -> None:
    reviews = [Review("a", "fine film", "positive"), Review("b", "dull long film", "positive")]
    scores = score_reviews(
        TableScorer({"fine film": (0.2, 0.8), "dull long film": (0.9, 0.1)}), reviews
    )
    assert scores.ids == ("a", "b")
    assert scores.truth.tolist() == [1, 1]
    assert scores.predicted.tolist() == [1, 0]
    assert scores.confidence.tolist() == [0.8, 0.9]
    assert scores.correct.tolist() == [True, False]
    assert scores.words.tolist() == [2, 3]
    assert scores.truncated.tolist() == [False, True]
    assert scores.engine == "table"


def test_labels_come_from_the_predictor_in_its_order() -> None:
    reviews = [Review("a", "x", "bad"), Review("b", "x", "good")]
    scores = score_reviews(TableScorer({"x": (0.2, 0.5, 0.3)}, ("good", "bad", "so-so")), reviews)
    assert scores.labels == ("good", "bad", "so-so")
    assert scores.truth.tolist() == [1, 0]


def test_more_reviews_than_one_call_takes_are_all_asked_in_order() -> None:
    reviews = [Review(str(n), f"text {n}", "positive") for n in range(2 * REVIEWS_PER_CALL + 1)]
    scorer = TableScorer(lambda text: (0.5, 0.5))
    assert len(score_reviews(scorer, reviews).ids) == len(reviews)
    assert scorer.asked == [review.text for review in reviews]


def test_a_review_that_cannot_be_scored_is_counted_and_left_out() -> None:
    reviews = [Review("a", "fine", "positive"), Review("b", " ", "negative")]
    scores = score_reviews(TableScorer({"fine": (0.2, 0.8), " ": None}), reviews)
    assert scores.ids == ("a",)
    assert scores.unscored == {"empty_review": 1}


def test_only_reviews_that_cannot_be_scored_is_an_error() -> None:
    with pytest.raises(DataError, match=r"found only errors: \{'empty_review': 2\}"):
        score_reviews(TableScorer({"text 0": None, "text 1": None}), reviews_with(*LABELS))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_probability_that_is_no_number_is_an_error_that_names_the_mend(value: float) -> None:
    table = {"text 0": (0.5, 0.5), "text 1": (value, 0.5)}
    with pytest.raises(DataError, match=r"1 of 2 reviews.*--engine torch-fp32"):
        score_reviews(TableScorer(table), reviews_with(*LABELS))


def test_two_reviews_of_each_label_are_enough() -> None:
    check_evaluable(reviews_with("negative", "negative", "positive", "positive"), LABELS)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("negative", "positive", "positive"), "at least 4 reviews to measure anything, found 3"),
        (
            ("positive",) * 5,
            "at least two different labels out of negative, positive, found only 'positive'",
        ),
        (
            ("negative", "positive", "mixed", "mixed"),
            r"labels \(negative, positive\), found 'mixed' \(2 reviews\)",
        ),
        (("negative", "positive", None, None), "a label on every review, found 2 without"),
        ((), "at least 4 reviews to measure anything, found 0"),
    ],
)
def test_unfit_data_is_named_before_a_model_is_asked(
    labels: tuple[str | None, ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        check_evaluable(reviews_with(*labels), LABELS)
