"""The model card: every figure of the run, none made up."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from handler.checkpoint import Settings
from tests.unit.training.table_scorer import TableScorer
from training.card import model_card
from training.evaluation import behaviour, report
from training.evaluation.behaviour import INVARIANCE, MINIMUM, Case
from training.evaluation.scoring import Scores
from training.stages.model_card import main

SETTINGS = Settings(
    labels=("negative", "positive"), encoder={"vocab_size": 300}, max_length=384, temperature=1.31
)
RUN: dict[str, Any] = {
    "stages": [
        {
            "name": "pretrain",
            "command": "python -m training.pretrain --output runs/pretrain",
            "minutes": 31.5,
            "tokens": 40_000_000,
            "flop": 1.5e15,
            "seed": 7,
            "settings": {"learning_rate": 0.001, "output": "somewhere"},
            "result": {"validation_loss": 3.25},
        },
        {"name": "train", "command": "python -m training.train", "minutes": 8.5, "flop": 0.5e15},
    ],
    "data": {
        "sha256": "ab12",
        "train": 22_500,
        "leaks": {"train": {"exact": 123, "normalised": 125}},
    },
    "parameters": 4_500_000,
    "torch": "2.13.0",
    "machine": "2 cores",
}


@pytest.fixture
def measured() -> dict[str, Any]:
    scores = Scores(
        labels=("negative", "positive"),
        ids=("a", "b", "c", "d"),
        truth=np.array([0, 0, 1, 1]),
        probabilities=np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.1, 0.9]]),
        words=np.array([10, 100, 300, 600]),
        truncated=np.array([False, False, False, True]),
        unscored={},
        seconds=2.0,
        engine="onnx-int8",
    )
    data = {"file": "aclImdb_v1.tar.gz", "sha256": "cd34"}
    described = {
        "checkpoint": "model_store/checkpoint",
        "data": data,
        "split": "test",
        "sample": None,
        "temperature": 1.31,
    }
    return {**report.summarise(scores), **described}


@pytest.fixture
def asked() -> dict[str, Any]:
    cases = [
        Case(MINIMUM, "negation", "n1", "not <b>bad</b>", "", "positive"),
        Case(INVARIANCE, "names", "i1", "Ann shines", "Bo shines", "positive"),
    ]
    table = {"not <b>bad</b>": (0.7, 0.3), "Ann shines": (0.4, 0.6), "Bo shines": (0.35, 0.65)}
    return behaviour.summarise(behaviour.run_cases(TableScorer(table), cases))


def test_card_starts_with_metadata_that_yaml_can_read(measured: dict[str, Any]) -> None:
    _, header, _ = model_card.render(SETTINGS, measured, None, {}).split("---\n", 2)
    content = yaml.safe_load(header)
    assert content["pipeline_tag"] == "text-classification"
    assert content["language"] == "en"
    assert content["domain"] == "film reviews"
    (result,) = content["model-index"][0]["results"]
    assert {"type": "accuracy", "value": 0.75} in result["metrics"]


@pytest.mark.parametrize(
    "line",
    [
        "4.5 M parameters, trained by this repository's own code.",
        "labels `negative`, `positive`",
        "| accuracy | 75.00% ± 21.65% |",
        "| true negative | 1 | 1 |",
        "| train | 22,500 ",
        "| copies of test reviews dropped from train | exact: 123, normalised: 125 |",
        "| pretrain | 31.5 | 40,000,000 | 1.5e+15 | 7 |",
        "| **all** | 40 | 40,000,000 | 2e+15 | |",
        "| setting | learning rate | 0.001 |",
        "| result | validation loss | 3.25 |",
        "temperature of 1.3100",
        "reads at most 384 tokens; 25.0% of the reviews above were cut, and 100.00% of those",
        "Weak in the behaviour suite (under 75%): negation (0 of 1).",
        "| negation | not &lt;b>bad&lt;/b> | positive | negative |",
        "python -m training.pretrain --output runs/pretrain\npython -m training.train\n",
        "training.evaluate --checkpoint model_store/checkpoint --data aclImdb_v1.tar.gz --split "
        "test",
    ],
)
def test_card_holds_what_the_run_recorded(
    measured: dict[str, Any], asked: dict[str, Any], line: str
) -> None:
    card = model_card.render(SETTINGS, measured, asked, RUN)
    assert line in re.sub(" +", " ", card)  # whatever the widths of the tables


def test_what_was_not_recorded_is_left_out(measured: dict[str, Any]) -> None:
    card = model_card.render(SETTINGS, measured, None, {})
    assert "## Recipe" not in card
    assert "## Behaviour" not in card
    assert "## Data" not in card
    assert "None" not in card
    assert "\n\n\n" not in card


def test_places_of_files_are_not_part_of_the_recipe(measured: dict[str, Any]) -> None:
    assert "somewhere" not in model_card.render(SETTINGS, measured, None, RUN)


def test_own_data_is_not_called_imdb(measured: dict[str, Any]) -> None:
    own = {**measured, "data": {"file": "shop.csv", "sha256": "cd34"}}
    card = model_card.render(SETTINGS, own, None, {})
    assert "imdb" not in card.lower()
    assert "Measured on 4 reviews of shop.csv" in card


def test_command_writes_the_card_beside_the_weights(
    tmp_path: Path, measured: dict[str, Any], asked: dict[str, Any]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SETTINGS.as_config()))
    arguments = ["--checkpoint", str(tmp_path)]
    for name, content in (("metrics", measured), ("behaviour", asked), ("run", RUN)):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
        arguments += [f"--{name}", str(tmp_path / f"{name}.json")]
    main(arguments)
    assert (tmp_path / "README.md").read_text("utf-8").startswith("---\nlanguage: en\n")


def test_metrics_from_before_the_last_calibration_are_refused(
    tmp_path: Path, measured: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SETTINGS.as_config()))
    (tmp_path / "metrics.json").write_text(json.dumps({**measured, "temperature": 1.0}))
    arguments = ["--checkpoint", str(tmp_path), "--metrics", str(tmp_path / "metrics.json")]
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "temperature 1.31, found 1.0; run training.evaluate again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "found no such file"), ("{", "found a broken file"), ("[]", "found list")],
)
def test_unfit_metrics_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, message: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SETTINGS.as_config()))
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    arguments = ["--checkpoint", str(tmp_path), "--metrics", str(tmp_path / "metrics.json")]
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "README.md").exists()
