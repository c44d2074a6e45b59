"""Load and save a checkpoint's weights: strictly, never a pickle, whole or not at all."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from handler.checkpoint import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    Settings,
    read_settings,
)
from handler.errors import CheckpointError
from handler.network import BiLSTMClassifier, ReviewClassifier, build_network


def load_network(directory: Path | str) -> tuple[ReviewClassifier | BiLSTMClassifier, Settings]:
    """Load the network in fp32 and evaluation mode; raises CheckpointError if anything is unfit."""
    settings = read_settings(directory)
    network = build_network(settings)
    load_weights(network, Path(directory) / WEIGHTS_FILE)
    return network.eval(), settings


def load_weights(network: nn.Module, path: Path) -> None:
    """Fill a network from a safetensors file; every key and shape has to fit."""
    found = _read_tensors(path)
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
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _write_files(staging, network, settings, tokenizer, dtype)
        _keep_other_files(target, staging)
        staging.chmod(0o755)
        swap(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file beside its place, then rename it."""
    beside = path.with_name(f".{path.name}.partial")
    beside.write_text(text, "utf-8")
    beside.replace(path)


def _write_files(
    staging: Path, network: nn.Module, settings: Settings, tokenizer: Tokenizer, dtype: torch.dtype
) -> None:
    tensors = {name: tensor.to(dtype).contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, staging / WEIGHTS_FILE, metadata={"format": "pt"})
    (staging / WEIGHTS_FILE).chmod(0o644)
    write_text(staging / CONFIG_FILE, json.dumps(settings.as_config(), indent=1) + "\n")
    tokenizer.save(str(staging / TOKENIZER_FILE), pretty=False)
    write_text(
        staging / "tokenizer_config.json", json.dumps(_tokenizer_config(settings), indent=1) + "\n"
    )


def _tokenizer_config(settings: Settings) -> dict[str, Any]:
    special = {"bos_token": "<s>", "eos_token": "</s>", "mask_token": "<mask>"}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": settings.max_length,
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        **(special if settings.architecture == "roberta" else {}),
    }


def _keep_other_files(target: Path, staging: Path) -> None:
    for path in target.iterdir() if target.is_dir() else ():
        if path.is_file() and not (staging / path.name).exists():
            shutil.copy2(path, staging / path.name)


def swap(staging: Path, target: Path) -> None:
    """Put a finished folder into the place of another one, which comes back if that fails."""
    previous = target.with_name(f".{target.name}.previous")
    shutil.rmtree(previous, ignore_errors=True)
    if target.exists():
        target.rename(previous)
    try:
        staging.rename(target)
    except OSError:
        if previous.exists():
            previous.rename(target)
        raise
    shutil.rmtree(previous, ignore_errors=True)


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
