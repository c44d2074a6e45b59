"""A tiny checkpoint, made inline: nothing is downloaded, nothing is trained."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings as hypothesis_settings
from tokenizers import Tokenizer, models, pre_tokenizers

from handler.checkpoint import Settings
from handler.network import build_network
from handler.weights import save_checkpoint

with warnings.catch_warnings():
    # TorchServe's package leaves its version file open when it is first imported.
    warnings.simplefilter("ignore", ResourceWarning)
    import ts  # noqa: F401

# The same examples everywhere, and no clock: a busy machine is no failure.
hypothesis_settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis_settings.load_profile("repeatable")

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
ENCODER = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "max_position_embeddings": 130,
    "type_vocab_size": 1,
    "bos_token_id": 0,
    "pad_token_id": 1,
    "eos_token_id": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
}


def make_tokenizer() -> Tokenizer:
    """Build a byte-level BPE without merges: one piece per byte, so lengths are easy to foresee."""
    pieces = (*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer = Tokenizer(
        models.BPE({piece: i for i, piece in enumerate(pieces)}, [], unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def make_settings(**changes: Any) -> Settings:
    """Return settings of a two-layer encoder of width 64 and three labels, changed as given."""
    encoder = {**ENCODER, "vocab_size": len(SPECIAL) + 256, **changes.pop("encoder", {})}
    defaults = {
        "labels": ("bad", "fair", "good"),
        "max_length": 64,
        "head_sizes": (32,),
        "temperature": 1.5,
    }
    return Settings(**{**defaults, **changes}, encoder=encoder)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny networks gain nothing by threads, and on busy cores threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def save_tiny_checkpoint(folder: Path, seed: int = 0, **changes: Any) -> None:
    """Save a checkpoint with random weights, fp32; settings are changed as given."""
    settings = make_settings(**changes)
    torch.manual_seed(seed)
    network = build_network(settings)
    for parameter in network.parameters():
        # Default initialization gives near-zero logits for every review: nothing could differ.
        torch.nn.init.normal_(parameter, std=0.3)
    save_checkpoint(folder, network, settings, make_tokenizer(), torch.float32)


@pytest.fixture
def make_checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that saves a checkpoint with random weights, fp32, and gives its folder."""

    def make(**changes: Any) -> Path:
        save_tiny_checkpoint(tmp_path / "checkpoint", **changes)
        return tmp_path / "checkpoint"

    return make


@pytest.fixture
def tiny_checkpoint(make_checkpoint: Callable[..., Path]) -> Path:
    """Folder of a tiny RoBERTa checkpoint with three labels."""
    return make_checkpoint()
