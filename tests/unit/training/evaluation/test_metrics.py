"""Every measure against a value worked out by hand."""

import math

import numpy as np
import pytest

from training.evaluation import metrics

# Eight reviews, three labels.      right: 0 1 2 . . 5 6 7
TRUTH = np.array([0, 0, 1, 1, 1, 2, 2, 2])
PREDICTED = np.array([0, 0, 1, 0, 2, 2, 2, 2])


def test_accuracy_is_the_share_of_right_predictions() -> None:
    assert metrics.accuracy(TRUTH, PREDICTED) == 6 / 8


def test_standard_error_of_95_percent_on_25000_reviews_is_014_points() -> None:
    assert metrics.standard_error(0.95, 25_000) == pytest.approx(0.00138, abs=5e-6)


def test_confusion_matrix_has_true_labels_in_rows_and_predictions_in_columns() -> None:
    expected = [[2, 0, 0], [1, 1, 1], [0, 0, 3]]
    assert metrics.confusion_matrix(TRUTH, PREDICTED, 3).tolist() == expected


def test_confusion_matrix_keeps_a_label_that_never_occurs() -> None:
    matrix = metrics.confusion_matrix(np.array([0, 1]), np.array([0, 0]), 3)
    assert matrix.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_label_scores_follow_from_the_confusion_matrix() -> None:
    first, second, third = metrics.label_scores(metrics.confusion_matrix(TRUTH, PREDICTED, 3))
    assert first == metrics.LabelScore(precision=2 / 3, recall=1.0, f1=0.8, support=2)
    assert second == metrics.LabelScore(precision=1.0, recall=1 / 3, f1=0.5, support=3)
    assert third == metrics.LabelScore(precision=0.75, recall=1.0, f1=6 / 7, support=3)


def test_label_that_is_never_predicted_scores_zero_without_a_warning() -> None:
    (_, never) = metrics.label_scores(np.array([[3, 0], [2, 0]]))
    assert never == metrics.LabelScore(precision=0.0, recall=0.0, f1=0.0, support=2)


def test_ece_weighs_each_bin_gap_by_its_reviews() -> None:
    # Two bins of width 0.5: (0.6, 0.8 | one of two right) and (0.4 | wrong).
    confidence = np.array([0.6, 0.8, 0.4])
    correct = np.array([True, False, False])
    expected = 2 / 3 * abs(0.5 - 0.7) + 1 / 3 * abs(0.0 - 0.4)
    assert metrics.expected_calibration_error(confidence, correct, bins=2) == pytest.approx(
        expected
    )


def test_ece_is_zero_when_confidence_comes_true() -> None:
    confidence = np.full(10, 0.7)
    correct = np.arange(10) < 7
    assert metrics.expected_calibration_error(confidence, correct) == pytest.approx(0.0)


def test_ece_of_a_sure_and_always_wrong_model_is_one() -> None:
    assert metrics.expected_calibration_error(np.ones(4), np.zeros(4, bool)) == 1.0


def test_fifteen_bins_keep_apart_what_two_bins_would_average_away() -> None:
    confidence = np.array([0.55, 0.95])
    correct = np.array([True, False])
    assert metrics.expected_calibration_error(confidence, correct, bins=2) == pytest.approx(0.25)
    assert metrics.expected_calibration_error(confidence, correct) == pytest.approx(
        (0.45 + 0.95) / 2
    )


def test_reliability_bins_are_closed_on_the_right_and_empty_ones_left_out() -> None:
    bins = metrics.reliability(np.array([0.5, 1.0]), np.array([True, True]), bins=2)
    assert [(each.low, each.high, each.count) for each in bins] == [(0.0, 0.5, 1), (0.5, 1.0, 1)]


def test_log_loss_is_the_mean_negative_log_of_the_true_labels_probability() -> None:
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75]])
    assert metrics.log_loss(probabilities, np.array([0, 0])) == pytest.approx(
        (math.log(2) + math.log(4)) / 2
    )


def test_log_loss_of_a_sure_mistake_is_large_but_finite() -> None:
    assert 700 < metrics.log_loss(np.array([[1.0, 0.0]]), np.array([1])) < 710


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ([[1.0, 0.0]], 0.0),
        ([[0.0, 1.0]], 2.0),
        ([[0.5, 0.5]], 0.5),
        ([[0.7, 0.2, 0.1]], 0.09 + 0.04 + 0.01),
    ],
)
def test_brier_score_is_the_squared_distance_to_the_truth(
    probabilities: list[list[float]], expected: float
) -> None:
    assert metrics.brier_score(np.array(probabilities), np.array([0])) == pytest.approx(expected)


def test_coverage_curve_starts_with_the_most_confident() -> None:
    confidence = np.array([0.6, 0.9, 0.8, 0.7])
    correct = np.array([False, True, True, False])
    curve = metrics.coverage_curve(confidence, correct)
    assert [(p.coverage, p.accuracy, p.threshold) for p in curve] == [
        (0.25, 1.0, 0.9),
        (0.5, 1.0, 0.8),
        (0.75, 2 / 3, 0.7),
        (1.0, 0.5, 0.6),
    ]


def test_equal_confidences_enter_the_curve_together() -> None:
    curve = metrics.coverage_curve(np.array([0.9, 0.5, 0.5]), np.array([True, True, False]))
    assert [(p.coverage, p.accuracy) for p in curve] == [(1 / 3, 1.0), (1.0, 2 / 3)]


def test_accuracy_at_90_coverage_leaves_the_least_confident_tenth_out() -> None:
    confidence = np.linspace(0.5, 0.95, 10)
    correct = np.array([False] + [True] * 9)
    point = metrics.accuracy_at_coverage(confidence, correct, 0.9)
    assert (point.coverage, point.accuracy) == (0.9, 1.0)
    assert point.threshold == pytest.approx(0.55)


def test_coverage_of_25000_reviews_is_not_lost_to_rounding() -> None:
    confidence = np.arange(25_000) / 25_000
    assert metrics.accuracy_at_coverage(confidence, confidence > 0.5, 0.9).coverage == 0.9


def test_threshold_answers_all_reviews_when_none_is_more_confident_than_another() -> None:
    point = metrics.accuracy_at_coverage(np.full(10, 0.6), np.arange(10) < 5, 0.9)
    assert (point.coverage, point.accuracy, point.threshold) == (1.0, 0.5, 0.6)


def test_accuracy_by_length_puts_an_edge_into_the_shorter_bucket() -> None:
    words = np.array([1, 10, 11, 99])
    correct = np.array([True, True, False, True])
    buckets = metrics.accuracy_by_length(words, correct, edges=(10, 50))
    assert [(b.low, b.high, b.count, b.accuracy) for b in buckets] == [
        (1, 10, 2, 1.0),
        (11, 50, 1, 0.0),
        (51, None, 1, 1.0),
    ]
    assert buckets[0].standard_error == 0.0
