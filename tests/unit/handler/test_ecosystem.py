"""A checkpoint with the standard head is transformers' own: the same labels and probabilities."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import pipeline

from contract.answer import Prediction
from handler.checkpoint import read_settings
from handler.predictor import Predictor

STANDARD = {"head": "standard", "head_sizes": (), "cleaning": "emoji_names", "temperature": 1.7}
TEXTS = ["Not bad at all.", "A dull, lifeless film: I left early!", "so GOOD"]


@pytest.fixture
def checkpoint(make_checkpoint: Callable[..., Path]) -> Path:
    return make_checkpoint(**STANDARD)


def test_the_pipeline_gives_the_predictors_probabilities(checkpoint: Path) -> None:
    classify: Any = pipeline("text-classification", str(checkpoint), top_k=None)
    predictions = Predictor.load(checkpoint, "torch-fp32", threads=1).predict(TEXTS)
    for answers, prediction in zip(classify(TEXTS), predictions, strict=True):
        assert isinstance(prediction, Prediction)
        found = {answer["label"]: answer["score"] for answer in answers}
        assert found == pytest.approx(prediction.probabilities, abs=1e-4)
        assert answers[0]["label"] == prediction.label


def test_the_temperature_is_in_the_weights(checkpoint: Path) -> None:
    assert read_settings(checkpoint).temperature == 1.0
    assert "temperature" not in (checkpoint / "config.json").read_text()
