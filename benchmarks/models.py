"""The two models that are measured, and the files that engines and peers load them from."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from archive.inputs import fingerprint
from benchmarks.model_files import ModelFiles
from handler.checkpoint import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE

BASE: Final = "roberta-base"
SHIPPED: Final = "shipped"
CHECKPOINT: Final = Path("model_store/checkpoint")
# Sizes of roberta-base; its own 50,265 pieces are the shipped tokenizer's and unused ones.
BASE_ENCODER: Final[dict[str, Any]] = {
    "vocab_size": 50_265,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 514,
    "type_vocab_size": 1,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
}
LIBRARIES: Final = ("torch", "transformers", "onnx", "onnxruntime", "openvino", "nncf")


def prepare(name: str, folder: Path, examples: Sequence[str], with_peers: bool) -> ModelFiles:
    """Make what is missing of a model's files; examples calibrate the peer that needs some."""
    files = ModelFiles(folder / name)
    source = make_checkpoint(files)
    _make_once(files, "archive", fingerprint(files.checkpoint), lambda: _pack(files))
    if with_peers:
        from benchmarks import peer_files  # the peers' libraries are loaded only to build

        peers = _digest([source, Path(peer_files.__file__), *map(version, LIBRARIES)])
        _make_once(files, "onnx", peers, lambda: peer_files.write_onnx(files))
        _make_once(files, "openvino", peers, lambda: peer_files.write_openvino(files, examples))
    return files


def _make_once(files: ModelFiles, step: str, key: str, make: Callable[[], None]) -> None:
    """Make something unless its record says that it was made from the same things."""
    record = files.folder / f"{step}.key"
    if record.is_file() and record.read_text() == key:
        return
    print(f"  {files.name}: making {step}", flush=True)
    make()
    record.write_text(key)


def _checkpoint_key(name: str) -> str:
    if name == SHIPPED:
        return _digest([CHECKPOINT / each for each in (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE)])
    return _digest([json.dumps(BASE_ENCODER), CHECKPOINT / TOKENIZER_FILE])


def _digest(parts: Iterable[str | Path]) -> str:
    """Return a digest of texts and of files' contents."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    return digest.hexdigest()


def make_checkpoint(files: ModelFiles) -> str:
    """Make the model's checkpoint if it is missing; returns a digest of what it is made from."""
    files.folder.mkdir(parents=True, exist_ok=True)
    source = _checkpoint_key(files.name)
    _make_once(files, "checkpoint", source, lambda: _write_checkpoint(files))
    return source


def _write_checkpoint(files: ModelFiles) -> None:
    if files.name == SHIPPED:
        shutil.rmtree(files.checkpoint, ignore_errors=True)
        shutil.copytree(CHECKPOINT, files.checkpoint)
    else:
        make_base_checkpoint(files.checkpoint)


def make_base_checkpoint(directory: Path) -> None:
    """Save a checkpoint of roberta-base's shape with random weights, 256 tokens, CLS pooling."""
    import torch
    from tokenizers import Tokenizer

    from handler.checkpoint import Settings
    from handler.network import build_network, tutorial_head_sizes
    from handler.weights import save_checkpoint

    settings = Settings(
        labels=("negative", "positive"),
        encoder=BASE_ENCODER,
        max_length=256,
        truncation="head",
        pooling="cls",
        head_sizes=tutorial_head_sizes(BASE_ENCODER["hidden_size"]),
    )
    torch.manual_seed(0)
    content = json.loads((CHECKPOINT / TOKENIZER_FILE).read_text("utf-8"))
    pad_vocabulary(content["model"]["vocab"], BASE_ENCODER["vocab_size"])
    tokenizer = Tokenizer.from_str(json.dumps(content))
    save_checkpoint(directory, build_network(settings), settings, tokenizer)


def pad_vocabulary(vocabulary: dict[str, int], size: int) -> None:
    """Fill a vocabulary up to `size` pieces that no text contains."""
    for index in range(len(vocabulary), size):
        vocabulary[f"<unused {index}>"] = index


def _pack(files: ModelFiles) -> None:
    from archive.build import build_archive

    build_archive(files.checkpoint, files.archive)
    shutil.rmtree(files.unpacked, ignore_errors=True)
    with zipfile.ZipFile(files.archive) as archive:
        archive.extractall(files.unpacked)
