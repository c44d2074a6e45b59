"""A checkpoint is loaded strictly or not at all, and saved whole or not at all."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from handler import weights
from handler.checkpoint import Settings, load_tokenizer, read_settings
from handler.errors import CheckpointError
from handler.files import WriteError
from handler.network import build_network
from handler.weights import load_network, save_checkpoint
from tests.unit.conftest import make_settings, make_tokenizer
from training.data.tokenizer import fit_tokenizer


def change_config(directory: Path, **changes: Any) -> None:
    path = directory / "config.json"
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(left, right) for left, right in pairs)


@pytest.mark.parametrize(
    "changes",
    [
        {
            "pooling": "cls_mean",
            "head_sizes": (32, 16),
            "truncation": "head",
            "cleaning": "tutorial",
        },
        {"labels": ("no", "yes"), "head_sizes": (), "temperature": 0.7, "dropout": 0.4},
    ],
)
def test_what_is_saved_is_what_is_loaded(
    make_checkpoint: Callable[..., Path], changes: dict[str, Any]
) -> None:
    directory = make_checkpoint(**changes)
    network, settings = load_network(directory)
    assert settings == make_settings(**changes)
    assert not network.training
    torch.manual_seed(0)
    again = directory.with_name("again")
    save_checkpoint(again, network, settings, load_tokenizer(directory, settings), torch.float32)
    assert same_weights(load_network(again)[0], network)
    assert files(again) == files(directory)


def test_hugging_face_layout(tiny_checkpoint: Path) -> None:
    assert set(files(tiny_checkpoint)) == {
        "SHA256SUMS",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    config = json.loads((tiny_checkpoint / "config.json").read_text())
    assert config["model_type"] == "roberta"
    assert config["id2label"] == {"0": "bad", "1": "fair", "2": "good"}
    assert config["label2id"] == {"bad": 0, "fair": 1, "good": 2}


def test_half_precision_on_disk_is_full_precision_in_memory(tmp_path: Path) -> None:
    settings = make_settings()
    network = build_network(settings)
    save_checkpoint(tmp_path / "half", network, settings, make_tokenizer())
    stored = load_file(tmp_path / "half" / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    loaded, _ = load_network(tmp_path / "half")
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}


def test_missing_key(tiny_checkpoint: Path) -> None:
    path = tiny_checkpoint / "model.safetensors"
    tensors = load_file(path)
    del tensors["head.1.bias"]
    save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r"missing \['head\.1\.bias'\], unexpected \[\]"):
        load_network(tiny_checkpoint)


def test_unexpected_key(tiny_checkpoint: Path) -> None:
    path = tiny_checkpoint / "model.safetensors"
    save_file({**load_file(path), "model_state_dict.weight": torch.zeros(1)}, path)
    with pytest.raises(
        CheckpointError, match=r"missing \[\], unexpected \['model_state_dict\.weight'\]"
    ):
        load_network(tiny_checkpoint)


def test_another_shape(tiny_checkpoint: Path) -> None:
    change_config(tiny_checkpoint, head_sizes=[16])
    with pytest.raises(
        CheckpointError, match=r"expected head\.1\.weight \(16, 64\) but found \(32, 64\)"
    ):
        load_network(tiny_checkpoint)


def test_another_number_of_labels(tiny_checkpoint: Path) -> None:
    change_config(tiny_checkpoint, id2label={"0": "bad", "1": "good"})
    with pytest.raises(CheckpointError, match=r"\(2, 32\) but found \(3, 32\)"):
        load_network(tiny_checkpoint)


def test_pickle_is_refused_unread(tiny_checkpoint: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    (tiny_checkpoint / "model.safetensors").write_bytes(pickle.dumps({"weight": Trap()}))
    with pytest.raises(CheckpointError, match=r"expected safetensors.*pickles are refused"):
        load_network(tiny_checkpoint)
    assert not (tmp_path / "sprung").exists()


def test_weights_cut_in_half(tiny_checkpoint: Path) -> None:
    path = tiny_checkpoint / "model.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CheckpointError, match="expected safetensors, found a file that cannot"):
        load_network(tiny_checkpoint)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_missing_file(tiny_checkpoint: Path, name: str) -> None:
    (tiny_checkpoint / name).unlink()
    with pytest.raises(CheckpointError, match=rf"{name}: expected"):
        load_tokenizer(tiny_checkpoint, load_network(tiny_checkpoint)[1])


def test_foreign_vocabulary(tiny_checkpoint: Path) -> None:
    fit_tokenizer(["a good film"] * 2, 300).save(str(tiny_checkpoint / "tokenizer.json"))
    with pytest.raises(
        CheckpointError, match=r"expected a vocabulary of 261 pieces .* found 2\d\d; take tokenizer"
    ):
        load_tokenizer(tiny_checkpoint, read_settings(tiny_checkpoint))


def test_control_tokens_written_in_a_review_are_plain_text(tmp_path: Path) -> None:
    tokenizer = fit_tokenizer(["a good film"] * 2, 300)
    settings = make_settings(encoder={"vocab_size": tokenizer.get_vocab_size()})
    save_checkpoint(tmp_path / "c", build_network(settings), settings, tokenizer)
    loaded: Tokenizer = load_tokenizer(tmp_path / "c", settings)
    ids = loaded.encode("<mask> </s> <pad>", add_special_tokens=False).ids
    assert min(ids) > 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id2label": {"0": "good"}}, r"`id2label` to be >= 2 different labels, found \('good',\)"),
        ({"id2label": {"0": "good", "1": "good"}}, r"found \('good', 'good'\)"),
        ({"id2label": {"0": "a", "2": "b"}}, r"`id2label` to be the keys \['0', '1'\]"),
        ({"model_type": "bert"}, r"`model_type` to be \('roberta', 'bilstm'\), found 'bert'"),
        ({"cleaning": "none"}, r"`cleaning` to be \['emoji_names', 'plain', .*, found 'none'"),
        ({"truncation": "tail"}, r"`truncation` to be .* found 'tail'"),
        ({"pooling": "max"}, r"`pooling` to be .* found 'max'"),
        ({"max_length": 2}, r"`max_length` to be at least 4 tokens, found 2"),
        ({"temperature": 0.0}, r"`temperature` to be a positive number, found 0\.0"),
        ({"pooling": None, "temperature": None}, r"expected the fields pooling, temperature"),
    ],
)
def test_unfit_settings_are_named(
    tiny_checkpoint: Path, changes: dict[str, Any], message: str
) -> None:
    change_config(tiny_checkpoint, **changes)
    with pytest.raises(CheckpointError, match=message):
        read_settings(tiny_checkpoint)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_broken_config(tiny_checkpoint: Path, content: str) -> None:
    (tiny_checkpoint / "config.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"config\.json: expected"):
        read_settings(tiny_checkpoint)


def test_full_disk_in_mid_save_leaves_the_previous_checkpoint(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(tiny_checkpoint)
    network, settings = load_network(tiny_checkpoint)

    def full(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weights, "save_file", full)
    with pytest.raises(WriteError, match="No space left"):
        save_checkpoint(tiny_checkpoint, network, settings, make_tokenizer())
    assert files(tiny_checkpoint) == before
    assert list(tiny_checkpoint.parent.iterdir()) == [tiny_checkpoint]


def test_failure_between_the_two_renames_puts_the_previous_checkpoint_back(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(tiny_checkpoint)
    network, settings = load_network(tiny_checkpoint)
    rename = Path.rename

    def fail_into_place(path: Path, target: Path) -> Path:
        if target == tiny_checkpoint and "previous" not in path.name:
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_into_place)
    with pytest.raises(WriteError, match="Input/output error"):
        save_checkpoint(tiny_checkpoint, network, settings, make_tokenizer())
    assert files(tiny_checkpoint) == before


def test_new_checkpoint_keeps_the_model_card_beside_it(tiny_checkpoint: Path) -> None:
    (tiny_checkpoint / "README.md").write_text("measured")
    network, settings = load_network(tiny_checkpoint)
    save_checkpoint(tiny_checkpoint, network, settings, make_tokenizer())
    assert (tiny_checkpoint / "README.md").read_text() == "measured"
    assert list(tiny_checkpoint.parent.iterdir()) == [tiny_checkpoint]


def test_settings_are_written_as_they_are_read(tmp_path: Path) -> None:
    settings = Settings(labels=("a", "b"), encoder={"vocab_size": 9}, head_sizes=(4,))
    (tmp_path / "config.json").write_text(json.dumps(settings.as_config()))
    assert read_settings(tmp_path) == settings


def test_cleaning_of_older_checkpoints_goes_by_its_present_name(tmp_path: Path) -> None:
    config = Settings(labels=("a", "b"), encoder={"vocab_size": 9}, head_sizes=(4,)).as_config()
    (tmp_path / "config.json").write_text(json.dumps({**config, "cleaning": "seed"}))
    assert read_settings(tmp_path).cleaning == "tutorial"
