"""The stage of phrases: their labels are learned, and on reviews nothing is to change."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from handler.checkpoint import load_tokenizer, read_settings
from handler.predictor import Prediction, Predictor
from tests.unit.labelled_tables import WORDS, make_rows, write_table
from training import phrases
from training.options import splits_of

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def words(tmp_path: Path, make_checkpoint: Callable[..., Path]) -> list[str]:
    """The command's words for a tiny checkpoint and a table of 60 reviews."""
    rows = make_rows({"negative": 30, "positive": 30}, WORDS)
    checkpoint = make_checkpoint(labels=("negative", "positive"))
    return [
        *("--data", str(write_table(tmp_path / "reviews.csv", rows))),
        *("--encoder", str(checkpoint), "--output", str(tmp_path / "run")),
        *("--cache", str(tmp_path / "cache"), "--batch-tokens", "1024"),
        *("--phrases", "200", "--reviews", "20", "--steps", "3"),
    ]


def test_targets_are_the_checkpoints_answers_and_the_phrases_labels(words: list[str]) -> None:
    arguments = phrases._parser().parse_args(words)
    settings = read_settings(arguments.encoder)
    splits = splits_of(arguments)
    tokenizer = load_tokenizer(arguments.encoder, settings)
    lessons = phrases.prepare(splits, arguments.encoder, tokenizer, arguments)
    reviews = phrases.draw(splits, 20, arguments.seed)
    answers = Predictor.load(arguments.encoder, "torch-fp32", threads=1).predict(
        [review.text for review in reviews]
    )
    expected = [
        list(each.probabilities.values()) for each in answers if isinstance(each, Prediction)
    ]
    assert lessons.targets[:20] == pytest.approx(np.array(expected), abs=0.05)  # bf16 against fp32
    assert set(lessons.targets[20:].ravel().round(4)) == {np.float32(0.05), np.float32(0.95)}
    assert len(lessons.targets) == len(lessons.inputs.corpus)


def test_checkpoint_is_written_and_the_stage_recorded(words: list[str], tmp_path: Path) -> None:
    phrases.main(words)
    stage = json.loads((tmp_path / "run" / "run.json").read_text())["stages"][0]
    assert (stage["name"], stage["finished"], stage["result"]["step"]) == ("phrases", True, 3)
    assert {"accuracy_on_reviews", "accuracy_on_phrases"} <= stage["result"].keys()
    settings = read_settings(tmp_path / "run" / "checkpoint")
    assert settings.labels == ("negative", "positive")
    assert settings.temperature != read_settings(tmp_path / "checkpoint").temperature


def test_stage_that_goes_on_starts_from_where_it_first_did(
    words: list[str], tmp_path: Path
) -> None:
    first = (tmp_path / "checkpoint" / "model.safetensors").read_bytes()
    over_its_start = [*words, "--output", str(tmp_path)]
    phrases.main([*over_its_start, "--max-minutes", "0"])
    assert (tmp_path / "checkpoint" / "model.safetensors").read_bytes() != first
    phrases.main(over_its_start)
    stage = json.loads((tmp_path / "run.json").read_text())["stages"][0]
    assert stage["finished"]
    assert (tmp_path / "phrases" / "start" / "model.safetensors").read_bytes() == first


def test_blend_is_a_weighted_mean() -> None:
    before, taught = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    expected = 0.25 * before.weight + 0.75 * taught.weight
    phrases.blend(taught, before, 0.75)
    assert torch.allclose(taught.weight, expected)


def test_checkpoint_with_other_labels_is_one_line(
    words: list[str],
    make_checkpoint: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_checkpoint()
    with pytest.raises(SystemExit) as stopped:
        phrases.main(words)
    assert stopped.value.code == 2
    assert "with the labels negative, positive, found roberta with bad, fair, good" in (
        capsys.readouterr().err
    )
