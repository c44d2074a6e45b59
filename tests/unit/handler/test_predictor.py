"""The predictor without a server: answers in order, errors in place, the network's own figures."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from contract.answer import Prediction
from contract.errors import ReviewError
from handler.checkpoint import load_tokenizer, read_settings
from handler.encoding import Encoder
from handler.errors import CheckpointError
from handler.predictor import Predictor, softmax
from handler.weights import load_network
from tests.commands import output_of

REVIEWS = ["Good.", "Not bad at all, " * 3, "x" * 200, "Schön! 🎬", "one two three four five", "ok"]

ARCHITECTURES = [
    {"pooling": "cls"},
    {"pooling": "mean"},
    {"pooling": "cls_mean", "truncation": "head"},
    {"labels": ("no", "yes"), "head_sizes": ()},
]

ROOT = Path(__file__).parents[3]


def bare_probabilities(directory: Path, review: str) -> np.ndarray:
    network, settings = load_network(directory)
    encoded = Encoder(load_tokenizer(directory, settings), settings).encode([review])[0]
    ids = torch.tensor([encoded.ids])
    with torch.inference_mode():
        logits = network(ids, torch.ones_like(ids)).numpy()
    return np.asarray(softmax(logits / settings.temperature)[0])


def probabilities(answers: list[Prediction | ReviewError]) -> np.ndarray:
    predictions = [answer for answer in answers if isinstance(answer, Prediction)]
    assert len(predictions) == len(answers)
    return np.array([list(prediction.probabilities.values()) for prediction in predictions])


@pytest.mark.parametrize("changes", ARCHITECTURES)
def test_equals_the_bare_network(
    make_checkpoint: Callable[..., Path], changes: dict[str, Any]
) -> None:
    directory = make_checkpoint(**changes)
    found = probabilities(Predictor.load(directory, "torch-fp32").predict(REVIEWS))
    expected = np.array([bare_probabilities(directory, review) for review in REVIEWS])
    assert np.abs(found - expected).max() <= 1e-5


def test_result_does_not_depend_on_neighbours(tiny_checkpoint: Path) -> None:
    predictor = Predictor.load(tiny_checkpoint, "torch-fp32")
    together = probabilities(predictor.predict(REVIEWS * 8))
    alone = np.concatenate([probabilities(predictor.predict([review])) for review in REVIEWS] * 8)
    assert np.abs(together - alone).max() <= 1e-5
    assert np.ptp(together, axis=0).max() > 1e-3, (
        "reviews that all score the same would prove nothing"
    )


def test_error_stays_in_its_place(tiny_checkpoint: Path) -> None:
    answers = Predictor.load(tiny_checkpoint, "torch-fp32").predict(["Good.", " ", "ok", 5])
    assert [answer.code if isinstance(answer, ReviewError) else answer.label for answer in answers][
        1::2
    ] == [
        "empty_review",
        "wrong_type",
    ]
    assert isinstance(answers[0], Prediction)
    assert isinstance(answers[2], Prediction)


def test_prediction_speaks_the_contract(tiny_checkpoint: Path) -> None:
    predictor = Predictor.load(tiny_checkpoint, "torch-fp32")
    answer = predictor.predict(["x" * 200])[0]
    assert isinstance(answer, Prediction)
    content = answer.as_json()
    assert list(content) == [
        "label", "confidence", "probabilities", "certain", "tokens", "truncated",
    ]  # fmt: skip
    assert list(answer.probabilities) == ["bad", "fair", "good"]
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert (
        answer.confidence
        == answer.probabilities[answer.label]
        == max(answer.probabilities.values())
    )
    assert (answer.tokens, answer.truncated) == (64, True)
    assert predictor.last_timing.inference > 0


def test_nothing_to_score(tiny_checkpoint: Path) -> None:
    predictor = Predictor.load(tiny_checkpoint, "torch-fp32")
    assert predictor.predict([]) == []
    assert predictor.last_timing.inference == 0


def test_bilstm_serves_through_the_same_predictor(make_checkpoint: Callable[..., Path]) -> None:
    encoder = {"vocab_size": 261, "embedding_size": 16, "hidden_size": 8, "pad_token_id": 1}
    directory = make_checkpoint(architecture="bilstm", encoder=encoder)
    found = probabilities(Predictor.load(directory).predict(REVIEWS))
    expected = np.array([bare_probabilities(directory, review) for review in REVIEWS])
    assert np.abs(found - expected).max() <= 1e-5


def test_missing_checkpoint_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json: expected") as caught:
        Predictor.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_settings_are_those_of_the_checkpoint(tiny_checkpoint: Path) -> None:
    assert Predictor.load(tiny_checkpoint).labels == read_settings(tiny_checkpoint).labels


def test_a_worker_loads_only_what_its_checkpoint_needs(tiny_checkpoint: Path) -> None:
    code = (
        "import sys; from handler.predictor import Predictor; "
        f"Predictor.load({str(tiny_checkpoint)!r}, 'torch-fp32', threads=1).predict(['Fine.']); "
        "print(sorted({'nltk', 'handler.bilstm', 'emoji'} & set(sys.modules)))"
    )
    assert output_of([sys.executable, "-c", code], cwd=ROOT).strip() == "[]"
