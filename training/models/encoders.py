"""Find the encoder to start from: a hub name, a folder, a project checkpoint, or a bare shape."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoConfig, AutoTokenizer, BertModel, RobertaConfig, RobertaModel
from transformers.utils.hub import cached_file

from handler.bilstm import BiLSTMClassifier
from handler.checkpoint import CONFIG_FILE, WEIGHTS_FILE, Settings, load_tokenizer
from handler.checksums import file_digest
from handler.errors import CheckpointError
from handler.network import ReviewClassifier
from handler.weights import load_network
from training.models.convert import convert_bert
from training.models.student import ENCODER_FIELDS

# Families whose encoders are, or exactly become, a RoBERTa encoder.
FAMILIES: Final[dict[str, Any]] = {"roberta": RobertaModel, "bert": BertModel}

FitTokenizer = Callable[[int], Tokenizer]


@dataclass(frozen=True)
class Start:
    """An encoder with its tokenizer; `network` is set if a whole classifier was trained before."""

    fields: dict[str, Any]
    tokenizer: Tokenizer
    encoder: RobertaModel | None = None
    network: ReviewClassifier | None = None
    settings: Settings | None = None
    # What the weights are and where they came from, in words.
    origin: str | None = None

    def __post_init__(self) -> None:
        found = self.tokenizer.get_vocab_size()
        if found != self.fields["vocab_size"]:
            raise CheckpointError(
                f"expected a tokenizer of {self.fields['vocab_size']} pieces as the encoder has "
                f"embeddings for, found one of {found}; take both from the same place."
            )


def load_start(
    name: str,
    fit_tokenizer: FitTokenizer,
    revision: str | None = None,
    sha256: str | None = None,
) -> Start:
    """Load what `--encoder` names.

    A folder with this project's config.json is a checkpoint; another folder or a hub name goes
    through transformers (a BERT is converted); a `.json` file is a shape to train from nothing,
    with a new tokenizer. `revision` and `sha256` pin what the hub or the folder gives.
    """
    path = Path(name)
    if path.suffix == ".json":
        return _from_nothing(path, fit_tokenizer)
    if path.is_dir() and "cleaning" in _config(path):
        return _from_checkpoint(path)
    return _from_transformers(name, revision, sha256)


def _from_checkpoint(path: Path) -> Start:
    network, settings = load_network(path)
    if isinstance(network, BiLSTMClassifier):
        raise CheckpointError(f"{path}: expected a RoBERTa checkpoint, found a BiLSTM.")
    return Start(
        settings.encoder, load_tokenizer(path, settings), network.encoder, network, settings
    )


def _from_transformers(name: str, revision: str | None, sha256: str | None) -> Start:
    if Path(name).is_dir() and not any(Path(name).glob("*.safetensors")):
        raise CheckpointError(
            f"{name}: expected {WEIGHTS_FILE} beside {CONFIG_FILE}, found none; pickled weights "
            f"are refused, and to train a shape from nothing name its file: {name}/{CONFIG_FILE}."
        )
    try:
        family = AutoConfig.from_pretrained(name, revision=revision).model_type
        if family not in FAMILIES:
            raise CheckpointError(
                f"{name}: expected an encoder of the families {', '.join(FAMILIES)}, found "
                f"{family!r}, which RoBERTa's layout cannot hold exactly; it can still teach "
                "(`python -m training.teach`)."
            )
        loaded: Any = FAMILIES[family].from_pretrained(
            name,
            revision=revision,
            add_pooling_layer=False,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"{name}: expected a whole encoder on the hub or in a local folder, found none: {error}"
        ) from error
    encoder, found = loaded
    if found["missing_keys"]:  # transformers would train these from random values
        raise CheckpointError(
            f"{name}: expected the weights of an encoder, found none for "
            f"{sorted(found['missing_keys'])[:3]}; take config and weights from the same model."
        )
    digest = check_weights(name, revision, sha256)
    if isinstance(encoder, BertModel):
        encoder = convert_bert(encoder)
    fields = {
        **_fields(encoder.config),
        "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
    }
    origin = (
        f"{name}, a {family} encoder in RoBERTa's layout, revision {revision}, sha-256 {digest}"
    )
    return Start(fields, untruncated(tokenizer), encoder, origin=origin)


def untruncated(tokenizer: Any) -> Tokenizer:
    """Return the tokenizer behind transformers' one; sentence encoders' files cut at 128 tokens."""
    backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_truncation()
    backend.no_padding()
    return backend


def check_weights(name: str, revision: str | None, expected: str | None) -> str | None:
    """Show and return the weights' sha-256; raises CheckpointError if it is not the expected one.

    Weights in several files have none: the hub's own index names a checksum for each.
    """
    path = cached_file(
        name, WEIGHTS_FILE, revision=revision, _raise_exceptions_for_missing_entries=False
    )
    if path is None:
        return None
    found = file_digest(Path(path))
    print(f"{name}: {WEIGHTS_FILE} has sha-256 {found}")
    if expected and found != expected:
        raise CheckpointError(
            f"{path}: expected sha-256 {expected}, found {found}; take the weights from where the "
            "checksum comes from."
        )
    return found


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
    """Set the probability of every dropout layer below a module, attention's weights excepted.

    Those get none: only without it is attention computed in one fused kernel, three times as fast.
    """
    for name, part in module.named_modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0 if "attention.self" in name else probability
