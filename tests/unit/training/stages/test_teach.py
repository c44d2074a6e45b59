"""A teacher of another family: what it writes, and a student that learns from it."""

from pathlib import Path

import numpy as np
import pytest

from handler.errors import CheckpointError
from handler.predictor import Predictor
from tests.unit.training.bert import save_bert
from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training.data.readers import read_split
from training.stages import teach, train
from training.teachers.label_store import read_soft_labels, text_hash

LABELS = ("negative", "positive")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = make_rows({"negative": 30, "positive": 30}, WORDS)
    return write_table(tmp_path / "reviews.csv", rows)


def common(tmp_path: Path, data: Path, output: str) -> list[str]:
    return [
        *("--data", str(data), "--output", str(tmp_path / output)),
        *("--cache", str(tmp_path / "cache"), "--batch-tokens", "256", "--steps", "3"),
    ]


def test_a_student_learns_from_the_labels_that_a_teacher_wrote(tmp_path: Path, data: Path) -> None:
    encoder = str(save_bert(tmp_path / "bert"))
    sentences = ["--sentences", "5"]
    words = ["--teacher", encoder, "--max-length", "32", *sentences]
    teach.main([*common(tmp_path, data, "teacher"), *words])
    written = tmp_path / "teacher" / "soft_labels.npz"
    texts = [review.text for review in read_split(data)]
    soft = read_soft_labels(written, texts, LABELS)
    assert soft.shape == (len(texts), 2)
    assert soft.sum(1) == pytest.approx(1.0, abs=1e-3)
    words = ["--encoder", encoder, "--soft-labels", str(written), "--r-drop", "0", *sentences]
    train.main([*common(tmp_path, data, "student"), *words])
    predictor = Predictor.load(tmp_path / "student" / "checkpoint", "torch-fp32", threads=1)
    assert predictor.labels == LABELS


def test_the_file_holds_no_text(tmp_path: Path, data: Path) -> None:
    words = ["--teacher", str(save_bert(tmp_path / "bert")), "--max-length", "32"]
    teach.main([*common(tmp_path, data, "teacher"), *words])
    with np.load(tmp_path / "teacher" / "soft_labels.npz") as stored:
        kinds = {name: stored[name].dtype.kind for name in stored.files}
        hashes = set(stored["hashes"].tolist())
    assert kinds == {"hashes": "u", "logits": "f", "labels": "U"}
    assert hashes == {text_hash(review.text) for review in read_split(data)}


def test_a_teacher_that_is_not_there_is_named(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit):
        teach.main([*common(tmp_path, data, "teacher"), "--teacher", str(tmp_path / "empty")])
    assert "expected an encoder that transformers can classify with" in capsys.readouterr().err


def test_checkpoint_error_is_what_loading_raises(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        teach.load_teacher(str(tmp_path), None, None, LABELS)
