"""The classifiers' loss: values worked out by hand, and dropout where it belongs."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from handler.network import ReviewClassifier
from tests.unit.conftest import make_settings
from training.classification import ClassifyTask, class_weights
from training.encoders import set_dropout

# Probabilities (1/2, 1/2) and (3/4, 1/4).
EVEN, LEANING = torch.tensor([0.0, 0.0]), torch.tensor([math.log(3), 0.0])


class Script(nn.Module):
    """Gives the logits written down, one set per call."""

    def __init__(self, *passes: Tensor) -> None:
        super().__init__()
        self.passes = list(passes)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.passes.pop(0)


def batch_of(*labels: int) -> dict[str, Tensor]:
    ids = torch.arange(5, 5 + 6 * len(labels)).reshape(len(labels), 6)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return {**inputs, "labels": torch.tensor(labels)}


@pytest.fixture
def network() -> ReviewClassifier:
    torch.manual_seed(0)
    return ReviewClassifier(make_settings())


def test_balanced_weights_are_inverse_to_the_frequencies() -> None:
    weights = class_weights(np.array([0, 0, 0, 1]), 2, balanced=True)
    assert weights.tolist() == pytest.approx([4 / (2 * 3), 4 / (2 * 1)])


def test_balanced_weights_of_three_labels_have_mean_one_over_the_reviews() -> None:
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
    weights = class_weights(labels, 3, balanced=True)
    assert weights.tolist() == pytest.approx([10 / 15, 10 / 9, 10 / 6])
    assert weights[labels].mean().item() == pytest.approx(1.0)


def test_weights_are_one_unless_asked_for() -> None:
    assert class_weights(np.array([0, 0, 0, 1]), 2, balanced=False).tolist() == [1.0, 1.0]


def test_cross_entropy_is_weighted() -> None:
    logits = torch.stack([LEANING, LEANING])
    task = ClassifyTask(Script(logits), torch.tensor([2 / 3, 2.0]))  # type: ignore[arg-type]
    expected = (2 / 3 * math.log(4 / 3) + 2 * math.log(4)) / (2 / 3 + 2)
    assert task(batch_of(0, 1))["loss"].item() == pytest.approx(expected)


def test_r_drop_adds_the_symmetric_divergence_of_two_passes() -> None:
    passes = Script(EVEN[None], LEANING[None])
    task = ClassifyTask(passes, torch.ones(2), r_drop=2.0)  # type: ignore[arg-type]
    losses = task(batch_of(0))
    entropy = (math.log(2) + math.log(4 / 3)) / 2
    forth = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    back = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert losses["divergence"].item() == pytest.approx((forth + back) / 2)
    assert losses["loss"].item() == pytest.approx(entropy + forth + back)


def test_r_drop_is_zero_for_identical_passes(network: ReviewClassifier) -> None:
    set_dropout(network, 0.0)
    batch = batch_of(0, 1, 2)
    plain = ClassifyTask(network, torch.ones(3)).train()(batch)
    agreeing = ClassifyTask(network, torch.ones(3), r_drop=1.0).train()(batch)
    assert agreeing["divergence"].item() == 0.0
    assert agreeing["loss"].item() == plain["loss"].item()


def test_r_drop_is_positive_where_dropout_differs(network: ReviewClassifier) -> None:
    set_dropout(network, 0.3)
    task = ClassifyTask(network, torch.ones(3), r_drop=1.0).train()
    assert task(batch_of(0, 1, 2))["divergence"].item() > 1e-6


def test_validation_takes_one_pass(network: ReviewClassifier) -> None:
    losses = ClassifyTask(network, torch.ones(3), r_drop=1.0).eval()(batch_of(0, 1))
    assert losses.keys() == {"loss"}


def test_frozen_encoder_stays_free_of_dropout(network: ReviewClassifier) -> None:
    set_dropout(network, 0.5)
    task = ClassifyTask(network, torch.ones(3), frozen=True).train()
    assert task.training
    assert network.head.training
    assert not any(part.training for part in network.encoder.modules())
    batch = batch_of(0, 1)
    ids, mask = batch["input_ids"], batch["attention_mask"]
    first, second = (network.hidden_states(ids, mask) for _ in range(2))
    assert torch.equal(first, second)


def test_dropout_reaches_attention_too(network: ReviewClassifier) -> None:
    set_dropout(network.encoder, 0.0)
    set_dropout(network.encoder.get_submodule("encoder.layer.0.attention.self"), 0.5)
    ids, mask = batch_of(0, 1)["input_ids"], batch_of(0, 1)["attention_mask"]
    network.train()
    first, second = (network.hidden_states(ids, mask) for _ in range(2))
    assert not torch.equal(first, second)
    set_dropout(network.encoder, 0.0)
    first, second = (network.hidden_states(ids, mask) for _ in range(2))
    assert torch.equal(first, second)
