"""Several teachers label together: what is written, what is resumed, who may be left out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training.data.readers import read_split
from training.stages import soft_labels
from training.teachers.label_store import read_logits, read_soft_labels

LABELS = ("negative", "positive")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = make_rows({"negative": 40, "positive": 40}, WORDS)
    return write_table(tmp_path / "reviews.csv", rows)


def run(tmp_path: Path, data: Path, *more: str) -> Path:
    words = ["--data", str(data), "--output", str(tmp_path / "soft"), "--engine", "torch-fp32"]
    soft_labels.main([*words, *more])
    return tmp_path / "soft" / "soft_labels.npz"


def test_the_linear_model_alone_labels_what_it_has_learned(tmp_path: Path, data: Path) -> None:
    reviews = read_split(data)
    soft = read_soft_labels(run(tmp_path, data), [review.text for review in reviews], LABELS)
    right = soft.argmax(1) == [LABELS.index(review.label or "") for review in reviews]
    assert right.mean() > 0.9


@pytest.mark.usefixtures("one_thread")
def test_a_checkpoint_and_the_linear_model_meet_in_the_middle(
    tmp_path: Path, data: Path, make_checkpoint: Callable[..., Path]
) -> None:
    texts = [review.text for review in read_split(data)]
    checkpoint = make_checkpoint(labels=LABELS)
    alone = read_logits(run(tmp_path, data), texts, LABELS)
    both = read_logits(run(tmp_path, data, "--teacher", str(checkpoint)), texts, LABELS)
    network = read_logits(tmp_path / "soft" / "teacher-0.npz", texts, LABELS)
    margins = [np.diff(logits, axis=1).ravel() for logits in (alone, network, both)]
    # whatever the temperatures are, the margin of both is a weighted sum of the margins of each
    each = np.stack(margins[:2], axis=1)
    weights = np.linalg.lstsq(each, margins[2], rcond=None)[0]
    assert (weights > 0).all()
    assert each @ weights == pytest.approx(margins[2], rel=1e-2, abs=1e-1)


def test_nobody_to_teach_is_refused(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, data, "--no-linear")
    assert "expected --teacher to be a checkpoint, found none" in capsys.readouterr().err
