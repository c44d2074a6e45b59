"""Relevance explains the very network that serves, and shares its verdict out without a rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from handler.activations import activate
from handler.checkpoint import WEIGHTS_FILE, read_settings
from handler.errors import CheckpointError
from handler.network import ReviewClassifier
from handler.relevance import Network, log_odds_slope, relevance
from handler.tensors import load_arrays
from handler.weights import load_network

IDS = [0, 70, 81, 92, 70, 99, 2]


def load(directory: Path) -> Network:
    settings = read_settings(directory)
    return Network.of(load_arrays(directory / WEIGHTS_FILE, settings), settings)


def load_torch(directory: Path) -> ReviewClassifier:
    network, _ = load_network(directory)
    assert isinstance(network, ReviewClassifier)
    network.encoder.set_attn_implementation("eager")
    return network


@pytest.mark.parametrize("pooling", ["cls", "mean", "cls_mean"])
@pytest.mark.parametrize("head_sizes", [(), (32,)])
def test_logits_are_the_networks_own(
    pooling: str, head_sizes: tuple[int, ...], make_checkpoint: Callable[..., Path]
) -> None:
    directory = make_checkpoint(pooling=pooling, head_sizes=head_sizes)
    expected = load_torch(directory)(torch.tensor([IDS]), torch.ones(1, len(IDS)))[0]
    found = relevance(load(directory), IDS, 1).logits
    assert found == pytest.approx(expected.detach().numpy(), abs=1e-4)


@pytest.mark.parametrize("pooling", ["cls", "mean", "cls_mean"])
@pytest.mark.parametrize("head_sizes", [(), (32,)])
def test_shares_are_those_of_torchs_gradient(
    pooling: str,
    head_sizes: tuple[int, ...],
    make_checkpoint: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    directory = make_checkpoint(pooling=pooling, head_sizes=head_sizes)
    expected = _by_autograd(load_torch(directory), 1, monkeypatch)
    assert relevance(load(directory), IDS, 1).tokens == pytest.approx(expected, abs=1e-4)


def _by_autograd(network: ReviewClassifier, label: int, patch: pytest.MonkeyPatch) -> Any:
    """Gradient × input of torch, its softmax and its LayerNorms' denominators held constant."""
    softmax = nn.functional.softmax
    patch.setattr(nn.functional, "softmax", lambda *rest, **named: softmax(*rest, **named).detach())
    patch.setattr(nn.LayerNorm, "forward", _normalized)
    seen: list[Tensor] = []
    network.encoder.embeddings.LayerNorm.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    logits = network(torch.tensor([IDS]), torch.ones(1, len(IDS)))[0]
    others = torch.arange(len(logits)) != label
    log_odds = logits[label] - torch.logsumexp(logits[others], 0)
    (gradient,) = torch.autograd.grad(log_odds, seen[0])
    return (gradient * seen[0]).sum(-1)[0].detach().numpy()


def _normalized(norm: nn.LayerNorm, hidden: Tensor) -> Tensor:
    centred = hidden - hidden.mean(-1, keepdim=True)
    scale = (centred.square().mean(-1, keepdim=True) + norm.eps).rsqrt().detach()
    return centred * scale * norm.weight + norm.bias


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_shares_add_up_to_the_log_odds_where_nothing_is_added_or_bent(
    pooling: str, make_checkpoint: Callable[..., Path]
) -> None:
    network = load(
        make_checkpoint(
            pooling=pooling,
            head_sizes=(),
            labels=("bad", "good"),
            encoder={"hidden_act": "relu"},
        )
    )
    for name, weight in network.weights.items():
        if name.endswith("bias"):
            weight[:] = 0
    found = relevance(network, IDS, 1)
    assert found.tokens.sum() == pytest.approx(found.logits[1] - found.logits[0], rel=1e-3)


def test_what_speaks_for_one_of_two_labels_speaks_against_the_other(
    make_checkpoint: Callable[..., Path],
) -> None:
    network = load(make_checkpoint(labels=("bad", "good")))
    bad, good = (relevance(network, IDS, label).tokens for label in (0, 1))
    assert len(bad) == len(IDS)
    assert np.abs(bad).sum() > 0
    assert bad == pytest.approx(-good, abs=1e-4)


def test_the_slope_of_log_odds_is_torchs() -> None:
    logits = torch.tensor([0.3, -1.2, 2.0], requires_grad=True)
    p = torch.softmax(logits, 0)[2]
    (expected,) = torch.autograd.grad(torch.log(p / (1 - p)), logits)
    found = log_odds_slope(logits.detach().numpy(), 2)
    assert found == pytest.approx(expected.numpy(), abs=1e-6)


@pytest.mark.parametrize("name", ["gelu", "relu", "tanh"])
def test_activations_and_their_slopes_are_torchs(name: str) -> None:
    points = torch.linspace(-8, 8, 997, requires_grad=True)
    function = {"gelu": nn.functional.gelu, "relu": torch.relu, "tanh": torch.tanh}[name]
    expected = function(points)
    (slope,) = torch.autograd.grad(expected.sum(), points)
    values, slopes = activate(name, points.detach().numpy())
    assert values == pytest.approx(expected.detach().numpy(), abs=1e-6)
    assert slopes == pytest.approx(slope.numpy(), abs=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_weights_are_read_as_torch_reads_them(
    dtype: torch.dtype, make_checkpoint: Callable[..., Path]
) -> None:
    directory = make_checkpoint(head="standard", head_sizes=())
    path = directory / WEIGHTS_FILE
    save_file({name: each.to(dtype) for name, each in load_file(path).items()}, path)
    expected = load_torch(directory).state_dict()
    found = load_arrays(path, read_settings(directory))
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert np.array_equal(found[name], tensor.numpy())


@pytest.mark.parametrize("content", [b"", b"not safetensors at all"])
def test_a_broken_file_is_named(content: bytes, make_checkpoint: Callable[..., Path]) -> None:
    directory = make_checkpoint()
    (directory / WEIGHTS_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match="expected safetensors"):
        load(directory)
