"""The networks: padding changes nothing, pooling is what it says, the head is the tutorial's."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from handler.bilstm import BiLSTMClassifier
from handler.checkpoint import Pooling
from handler.network import (
    ReviewClassifier,
    build_head,
    build_network,
    pool,
    tutorial_head_sizes,
)
from tests.unit.conftest import make_settings

BILSTM = {"vocab_size": 261, "embedding_size": 20, "hidden_size": 8, "pad_token_id": 1}
ARCHITECTURES: list[dict[str, Any]] = [
    {"pooling": "cls"},
    {"pooling": "mean"},
    {"pooling": "cls_mean"},
    {"architecture": "bilstm", "encoder": BILSTM},
]


def padded(rows: list[list[int]], length: int) -> dict[str, Tensor]:
    ids = torch.tensor([row + [1] * (length - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
    return {"input_ids": ids, "attention_mask": mask}


@pytest.mark.parametrize("changes", ARCHITECTURES)
def test_padding_and_neighbours_change_nothing(changes: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = build_network(make_settings(**changes)).eval()
    short, long = [0, 40, 50, 2], [0, 60, 70, 80, 90, 100, 2]
    with torch.no_grad():
        together = network(**padded([short, long], 12))
        alone = torch.cat([network(**padded([row], len(row))) for row in (short, long)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert together.shape == (2, 3)


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [("cls", [1.0, 2.0]), ("mean", [2.0, 4.0]), ("cls_mean", [1.0, 2.0, 2.0, 4.0])],
)
def test_pooling_by_hand(pooling: Pooling, expected: list[float]) -> None:
    hidden = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [99.0, 99.0]]])
    assert pool(hidden, torch.tensor([[1, 1, 0]]), pooling).tolist() == [expected]


def test_head_of_the_tutorial_at_the_width_of_roberta_base() -> None:
    assert tutorial_head_sizes(768) == (256, 64)
    head = build_head(768, (256, 64), 2, 0.4)
    sizes = [tuple(layer.weight.shape) for layer in head if isinstance(layer, nn.Linear)]
    assert sizes == [(256, 768), (64, 256), (2, 64)]
    kinds = [type(layer).__name__ for layer in head]
    assert kinds == [
        "Dropout", "Linear", "LayerNorm", "Linear", "LayerNorm", "Tanh", "Dropout", "Linear",
    ]  # fmt: skip
    assert [layer.p for layer in head if isinstance(layer, nn.Dropout)] == [0.4, 0.4]


def test_head_without_hidden_sizes_is_one_linear_layer() -> None:
    head = build_head(64, (), 3, 0.1)
    assert [type(layer).__name__ for layer in head] == ["Dropout", "Linear"]


def test_settings_choose_the_architecture() -> None:
    assert isinstance(build_network(make_settings()), ReviewClassifier)
    bilstm = build_network(make_settings(architecture="bilstm", encoder=BILSTM))
    assert isinstance(bilstm, BiLSTMClassifier)
    assert bilstm.lstm.bidirectional


def test_bilstm_reads_both_ways() -> None:
    torch.manual_seed(0)
    network = build_network(make_settings(architecture="bilstm", encoder=BILSTM)).eval()
    base, first, last = [10, 20, 30, 40], [11, 20, 30, 40], [10, 20, 30, 41]
    with torch.no_grad():
        logits = network(**padded([base, first, last], 4))
    assert (logits[0] - logits[1]).abs().max() > 1e-4
    assert (logits[0] - logits[2]).abs().max() > 1e-4
