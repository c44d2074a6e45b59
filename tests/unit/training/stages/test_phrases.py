"""The stage of phrases: their labels are learned, and on reviews nothing is to change."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from contract.answer import Prediction
from handler.checkpoint import load_tokenizer, read_settings
from handler.predictor import Predictor
from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training.data.compose import Template
from training.evaluation.behaviour import read_cases
from training.options import parse
from training.stages import phrases
from training.stages.options import read_splits


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
    options = parse(phrases.PhrasesOptions, words, None)
    settings = read_settings(options.encoder)
    splits = read_splits(options)
    tokenizer = load_tokenizer(options.encoder, settings)
    dataset = phrases.prepare(splits, options.encoder, tokenizer, options)
    reviews = phrases.draw(splits, 20, options.seed)
    answers = Predictor.load(options.encoder, "torch-fp32", threads=1).predict(
        [review.text for review in reviews]
    )
    expected = [
        list(each.probabilities.values()) for each in answers if isinstance(each, Prediction)
    ]
    assert dataset.targets[:20] == pytest.approx(np.array(expected), abs=0.05)  # bf16 against fp32
    assert set(dataset.targets[20:].ravel().round(4)) == {np.float32(0.05), np.float32(0.95)}
    assert len(dataset.targets) == len(dataset.inputs.corpus)


def test_checkpoint_is_written_and_the_stage_recorded(words: list[str], tmp_path: Path) -> None:
    phrases.main(words)
    stage = json.loads((tmp_path / "run" / "run.json").read_text())["stages"][0]
    assert (stage["name"], stage["finished"], stage["result"]["step"]) == ("phrases", True, 3)
    assert {"accuracy_on_reviews", "accuracy_on_phrases"} <= stage["result"].keys()
    settings = read_settings(tmp_path / "run" / "checkpoint")
    assert settings.labels == ("negative", "positive")
    assert settings.temperature != read_settings(tmp_path / "checkpoint").temperature


def test_stage_never_writes_over_its_start(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = (tmp_path / "checkpoint" / "model.safetensors").read_bytes()
    with pytest.raises(SystemExit):
        phrases.main([*words, "--output", str(tmp_path)])
    assert "which would be overwritten" in capsys.readouterr().err
    assert (tmp_path / "checkpoint" / "model.safetensors").read_bytes() == first


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


def test_no_phrase_is_a_case_of_the_behaviour_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = read_cases()
    templates = [Template("plain", case.expected, case.text) for case in cases[:10]]
    monkeypatch.setattr("training.data.compose.read_templates", lambda: templates)
    assert phrases.phrases_for(("negative", "positive"), 100, seed=1) == []
