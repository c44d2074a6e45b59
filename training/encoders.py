"""Find the encoder to start from: a hub name, a folder, a project checkpoint, or a bare shape."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoTokenizer, RobertaConfig, RobertaModel

from handler.checkpoint import CONFIG_FILE, WEIGHTS_FILE, Settings, load_tokenizer
from handler.errors import CheckpointError
from handler.network import BiLSTMClassifier, ReviewClassifier
from handler.weights import load_network
from training.student import ENCODER_FIELDS

FitTokenizer = Callable[[int], Tokenizer]


@dataclass(frozen=True)
class Start:
    """An encoder with its tokenizer; `network` is set if a whole classifier was trained before."""

    fields: dict[str, Any]
    tokenizer: Tokenizer
    encoder: RobertaModel | None = None
    network: ReviewClassifier | None = None
    settings: Settings | None = None

    def __post_init__(self) -> None:
        found = self.tokenizer.get_vocab_size()
        if found != self.fields["vocab_size"]:
            raise CheckpointError(
                f"expected a tokenizer of {self.fields['vocab_size']} pieces as the encoder has "
                f"embeddings for, found one of {found}; take both from the same place."
            )


def load_start(name: str, fit_tokenizer: FitTokenizer) -> Start:
    """Load what `--encoder` names.

    A folder with this project's config.json is a checkpoint; another folder or a hub name goes
    through transformers; a `.json` file is a shape to train from nothing, with a new tokenizer.
    """
    path = Path(name)
    if path.suffix == ".json":
        return _from_nothing(path, fit_tokenizer)
    if path.is_dir() and "cleaning" in _config(path):
        return _from_checkpoint(path)
    return _from_transformers(name)


def _from_checkpoint(path: Path) -> Start:
    network, settings = load_network(path)
    if isinstance(network, BiLSTMClassifier):
        raise CheckpointError(f"{path}: expected a RoBERTa checkpoint, found a BiLSTM.")
    return Start(
        settings.encoder, load_tokenizer(path, settings), network.encoder, network, settings
    )


def _from_transformers(name: str) -> Start:
    if Path(name).is_dir() and not any(Path(name).glob("*.safetensors")):
        raise CheckpointError(
            f"{name}: expected {WEIGHTS_FILE} beside {CONFIG_FILE}, found none; pickled weights "
            f"are refused, and to train a shape from nothing name its file: {name}/{CONFIG_FILE}."
        )
    try:
        loaded: Any = RobertaModel.from_pretrained(
            name,
            add_pooling_layer=False,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(name)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(
            f"{name}: expected a whole RoBERTa on the hub or in a local folder, found none: {error}"
        ) from error
    encoder, found = loaded
    if found["missing_keys"]:  # transformers would train these from random values
        raise CheckpointError(
            f"{name}: expected the weights of a RoBERTa, found none for "
            f"{sorted(found['missing_keys'])[:3]}; take config and weights from the same model."
        )
    backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    return Start(_fields(encoder.config), backend, encoder)


def _from_nothing(path: Path, fit_tokenizer: FitTokenizer) -> Start:
    config = RobertaConfig(**_config(path.parent, path.name))
    tokenizer = fit_tokenizer(config.vocab_size)
    # A small corpus may not fill the vocabulary that the shape has room for.
    return Start({**_fields(config), "vocab_size": tokenizer.get_vocab_size()}, tokenizer)


def _fields(config: RobertaConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in ENCODER_FIELDS}


def _config(folder: Path, name: str = CONFIG_FILE) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((folder / name).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{folder / name}: expected a model's config, found {error}."
        ) from error
    return content


def set_dropout(module: nn.Module, probability: float) -> None:
    """Set the probability of every dropout layer below a module."""
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = probability
