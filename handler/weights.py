"""Load and save a checkpoint's weights: strictly, never a pickle, whole or not at all."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing
from torch import Tensor, nn

from handler.checkpoint import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    Settings,
    read_settings,
)
from handler.checksums import write_checksums
from handler.errors import CheckpointError
from handler.files import whole_folder
from handler.network import ReviewClassifier, build_network
from handler.tensors import OWN_NAMES, own_names, renamed, stored_names

if TYPE_CHECKING:
    from handler.bilstm import BiLSTMClassifier


def load_network(directory: Path | str) -> tuple["ReviewClassifier | BiLSTMClassifier", Settings]:
    """Load the network in fp32 and evaluation mode; raises CheckpointError if anything is unfit."""
    settings = read_settings(directory)
    network = build_network(settings)
    load_weights(network, Path(directory) / WEIGHTS_FILE, own_names(settings))
    return network.eval(), settings


def load_weights(network: nn.Module, path: Path, names: Mapping[str, str] = OWN_NAMES) -> None:
    """Fill a network from a safetensors file; every key and shape has to fit.

    `names` maps the beginnings of the parameter names in the file to this project's.
    """
    found = renamed(_read_tensors(path), names)
    expected = network.state_dict()
    _compare("keys", path, set(expected), set(found))
    unfit = [
        f"{name} {tuple(expected[name].shape)} but found {tuple(found[name].shape)}"
        for name in expected
        if expected[name].shape != found[name].shape
    ]
    if unfit:
        raise CheckpointError(
            f"{path}: expected {'; '.join(unfit[:3])}; is {CONFIG_FILE} of the same run?"
        )
    network.load_state_dict({name: tensor.float() for name, tensor in found.items()})


def save_checkpoint(
    directory: Path | str,
    network: nn.Module,
    settings: Settings,
    tokenizer: Tokenizer,
    dtype: torch.dtype = torch.float16,
) -> None:
    """Write a whole checkpoint beside its place and rename it: the old one survives a failure."""
    target = Path(directory)
    with whole_folder(target) as staging:
        _write_files(staging, network, settings, tokenizer, dtype)
        _keep_other_files(target, staging)
        write_checksums(staging)


def _write_files(
    staging: Path, network: nn.Module, settings: Settings, tokenizer: Tokenizer, dtype: torch.dtype
) -> None:
    state = renamed(_calibrated(network.state_dict(), settings), stored_names(settings))
    tensors = {name: tensor.to(dtype).contiguous() for name, tensor in state.items()}
    save_file(tensors, staging / WEIGHTS_FILE, metadata={"format": "pt"})
    (staging / WEIGHTS_FILE).chmod(0o644)
    (staging / CONFIG_FILE).write_text(json.dumps(settings.as_config(), indent=1) + "\n", "utf-8")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if settings.head == "standard":
        tokenizer.post_processor = _framing(settings, tokenizer)
    tokenizer.save(str(staging / TOKENIZER_FILE), pretty=False)
    (staging / "tokenizer_config.json").write_text(
        json.dumps(_tokenizer_config(settings, tokenizer), indent=1) + "\n", "utf-8"
    )


def _framing(settings: Settings, tokenizer: Tokenizer) -> TemplateProcessing:
    """Frame texts as `handler.encoding` does, for whoever loads the tokenizer alone."""
    names = ("bos_token_id", "eos_token_id")
    begin, end = ((tokenizer.id_to_token(i), i) for i in map(settings.encoder.__getitem__, names))
    return TemplateProcessing(single=f"{begin[0]} $A {end[0]}", special_tokens=[begin, end])


def _calibrated(state: dict[str, Tensor], settings: Settings) -> dict[str, Tensor]:
    """Fold the temperature into a standard head: whoever loads it gets calibrated logits."""
    if settings.head != "standard":
        return state
    last = ("head.4.weight", "head.4.bias")
    return {**state, **{name: state[name].float() / settings.temperature for name in last}}


def _tokenizer_config(settings: Settings, tokenizer: Tokenizer) -> dict[str, Any]:
    ids = {name: settings.encoder.get(f"{name}_token_id") for name in ("bos", "eos", "pad")}
    named = {f"{name}_token": tokenizer.id_to_token(i) for name, i in ids.items() if i is not None}
    for name, spellings in (
        ("unk_token", ("<unk>", "[UNK]")),
        ("mask_token", ("<mask>", "[MASK]")),
    ):
        known = [each for each in spellings if tokenizer.token_to_id(each) is not None]
        named |= {name: known[0]} if known else {}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": settings.max_length,
        **named,
    }


def _keep_other_files(target: Path, staging: Path) -> None:
    for path in target.iterdir() if target.is_dir() else ():
        if path.is_file() and not (staging / path.name).exists():
            shutil.copy2(path, staging / path.name)


def _read_tensors(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError(f"{path}: expected the weights as safetensors, found no such file.")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path}: expected safetensors, found a file that cannot be read as such ({error}); "
            "pickles are refused, convert them with safetensors.torch.save_file."
        ) from error


def _compare(what: str, path: Path, expected: set[str], found: set[str]) -> None:
    if expected != found:
        missing, unexpected = sorted(expected - found), sorted(found - expected)
        raise CheckpointError(
            f"{path}: expected {len(expected)} {what}, found {len(found)}; missing {missing[:3]}, "
            f"unexpected {unexpected[:3]}; take config.json and weights from the same training run."
        )
