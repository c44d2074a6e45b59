"""Soft labels on disk: found again by text, resumed after a stop, refused for other texts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training.data.readers import DataError, Review
from training.teachers import label_store
from training.teachers.label_store import label_softly, read_soft_labels

KEPT = Path(label_store.__file__).parent / "labels" / "imdb.npz"
LABELS = ("negative", "positive")
REVIEWS = [Review(str(n), f"text {n}", None) for n in range(10)]


def logits_of(reviews: Sequence[Review]) -> NDArray[np.float32]:
    return np.array([[0.0, float(review.id)] for review in reviews], dtype=np.float32)


def test_probabilities_are_found_by_text_in_any_order(tmp_path: Path) -> None:
    label_softly(REVIEWS, logits_of, LABELS, tmp_path / "soft.npz")
    soft = read_soft_labels(tmp_path / "soft.npz", ["text 2", "text 0"], LABELS)
    assert soft[:, 1] == pytest.approx([1 / (1 + np.exp(-2)), 0.5], rel=1e-3)


def test_what_a_stop_left_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_store, "_PIECE", 4)
    asked: list[str] = []

    def stopping(reviews: Sequence[Review]) -> NDArray[np.float32]:
        if asked and reviews[0].id == "8" and "8" not in asked:
            asked.append("8")
            raise KeyboardInterrupt
        asked.extend(review.id for review in reviews)
        return logits_of(reviews)

    with pytest.raises(KeyboardInterrupt):
        label_softly(REVIEWS, stopping, LABELS, tmp_path / "soft.npz")
    asked_before = list(asked)
    label_softly(REVIEWS, stopping, LABELS, tmp_path / "soft.npz")
    assert asked[len(asked_before) :] == ["8", "9"]
    assert len(read_soft_labels(tmp_path / "soft.npz", ["text 9"], LABELS)) == 1


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (["text 1", "unseen"], LABELS, "expected soft labels of these 2 texts, found none for 1"),
        (["text 1"], ("bad", "good"), "expected soft labels for bad, good, found negative"),
    ],
)
def test_labels_of_other_texts_are_refused(
    tmp_path: Path, texts: list[str], labels: tuple[str, ...], message: str
) -> None:
    label_softly(REVIEWS, logits_of, LABELS, tmp_path / "soft.npz")
    with pytest.raises(DataError, match=message):
        read_soft_labels(tmp_path / "soft.npz", texts, labels)


def test_the_labels_that_are_kept_here_are_of_each_text_once_and_hold_no_text() -> None:
    with np.load(KEPT) as stored:
        hashes, logits, labels = (stored[name] for name in ("hashes", "logits", "labels"))
    assert (np.diff(hashes) > 0).all()
    assert logits.shape == (len(hashes), 2)
    assert np.isfinite(logits).all()
    assert labels.tolist() == list(LABELS)
