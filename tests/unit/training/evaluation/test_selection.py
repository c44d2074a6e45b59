"""The numbers by which training selects."""

import numpy as np
import pytest

from training.evaluation.selection import scores

# Right three times of four, and equally sure each time: at its best temperature such a network
# gives its answers a probability of 3/4.
LOGITS = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], dtype=np.float32)
LABELS = np.array([0, 0, 1, 0])
LOG_LOSS = -(3 * np.log(3 / 4) + np.log(1 / 4)) / 4


@pytest.mark.parametrize("sureness", [0.3, 1.0, 8.0])
def test_log_loss_is_that_of_the_best_temperature(sureness: float) -> None:
    found = scores(LOGITS * np.float32(sureness), LABELS)
    assert found["validation_loss"] == pytest.approx(LOG_LOSS, abs=1e-6)
    assert found["validation_accuracy"] == 0.75


def test_answers_that_are_more_often_right_have_the_lower_loss_however_sure() -> None:
    better = np.array([[9.0, 0.0], [9.0, 0.0], [0.0, 9.0], [9.0, 0.0]], dtype=np.float32)
    worse = np.array([[0.5, 0.0], [0.5, 0.0], [0.0, 0.5], [0.0, 0.5]], dtype=np.float32)
    assert scores(better, LABELS)["validation_loss"] < scores(worse, LABELS)["validation_loss"]
