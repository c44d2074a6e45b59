"""The classifiers' loss: values worked out by hand, and dropout where it belongs."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from handler.network import ReviewClassifier
from tests.unit.conftest import make_settings
from training.models.encoders import set_dropout
from training.objectives.classification import ClassifyTask, class_weights, contrast_loss

# Probabilities (1/2, 1/2) and (3/4, 1/4).
EVEN, LEANING = torch.tensor([0.0, 0.0]), torch.tensor([math.log(3), 0.0])


class Script(nn.Module):
    """Gives the logits written down, one set per call."""

    def __init__(self, *passes: Tensor) -> None:
        super().__init__()
        self.passes = list(passes)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.passes.pop(0)


def batch_of(*labels: int, count: int = 3) -> dict[str, Tensor]:
    ids = torch.arange(5, 5 + 6 * len(labels)).reshape(len(labels), 6)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return {**inputs, "targets": torch.eye(count)[list(labels)]}


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


@given(st.lists(st.integers(0, 2), min_size=1, max_size=20), st.integers(0, 2**32))
def test_one_hot_targets_cost_what_torch_says_of_labels(extra: list[int], seed: int) -> None:
    labels = np.array([0, 1, 2, *extra])
    weights = class_weights(labels, 3, balanced=True)
    assert weights[labels].mean().item() == pytest.approx(1.0)
    logits = torch.randn(len(labels), 3, generator=torch.Generator().manual_seed(seed))
    loss = ClassifyTask(Script(logits), weights)(batch_of(*labels))["loss"]
    expected = nn.functional.cross_entropy(logits, torch.from_numpy(labels), weights)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_weights_are_one_unless_asked_for() -> None:
    assert class_weights(np.array([0, 0, 0, 1]), 2, balanced=False).tolist() == [1.0, 1.0]


def test_cross_entropy_is_weighted() -> None:
    logits = torch.stack([LEANING, LEANING])
    task = ClassifyTask(Script(logits), torch.tensor([2 / 3, 2.0]))
    expected = (2 / 3 * math.log(4 / 3) + 2 * math.log(4)) / (2 / 3 + 2)
    assert task(batch_of(0, 1, count=2))["loss"].item() == pytest.approx(expected)


def test_r_drop_adds_the_symmetric_divergence_of_two_passes() -> None:
    passes = Script(EVEN[None], LEANING[None])
    task = ClassifyTask(passes, torch.ones(2), r_drop=2.0)
    losses = task(batch_of(0, count=2))
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


def test_dropout_reaches_the_encoder_but_no_attention_weights(network: ReviewClassifier) -> None:
    set_dropout(network.encoder, 0.5)
    ids, mask = batch_of(0, 1)["input_ids"], batch_of(0, 1)["attention_mask"]
    network.train()
    first, second = (network.hidden_states(ids, mask) for _ in range(2))
    assert not torch.equal(first, second)
    attention = network.encoder.get_submodule("encoder.layer.0.attention.self")
    assert [part.p for part in attention.modules() if isinstance(part, nn.Dropout)] == [0.0]
    set_dropout(network.encoder, 0.0)
    first, second = (network.hidden_states(ids, mask) for _ in range(2))
    assert torch.equal(first, second)


def test_contrast_compares_each_text_with_those_of_its_label() -> None:
    pooled = torch.tensor(
        [[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]
    )  # how long a vector is does not count
    labels = torch.tensor([0, 0, 1])
    # Each of the pair sees the other at 1 / 0.1 and the stranger at 0; the stranger has no pair.
    expected = 2 * math.log(1 + math.exp(-10)) / 3
    assert contrast_loss(pooled, labels).item() == pytest.approx(expected, rel=1e-2)


def test_contrast_is_lower_where_labels_lie_apart() -> None:
    labels = torch.tensor([0, 0, 1, 1])
    apart = torch.tensor([[1.0, 0.1], [1.0, 0.0], [0.0, 1.0], [0.1, 1.0]])
    mixed = apart[[0, 2, 1, 3]]
    assert contrast_loss(apart, labels) < contrast_loss(mixed, labels)


def test_contrast_is_added_in_training_alone(network: ReviewClassifier) -> None:
    set_dropout(network, 0.0)
    batch = batch_of(0, 0, 2)
    plain = ClassifyTask(network, torch.ones(3)).train()(batch)["loss"]
    task = ClassifyTask(network, torch.ones(3), contrast=0.5)
    losses = task.train()(batch)
    assert losses["loss"].item() == pytest.approx((plain + 0.5 * losses["contrast"]).item())
    assert task.eval()(batch).keys() == {"loss"}
