"""What `--encoder` may name: Hugging Face folders, project checkpoints, shapes; what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoTokenizer, RobertaModel

from handler.errors import CheckpointError
from tests.unit.conftest import make_tokenizer
from tests.unit.training.hugging_face import SMALL, save_roberta
from training.models.encoders import load_start


def no_tokenizer(vocab_size: int) -> Tokenizer:
    raise AssertionError("the tokenizer stands in the folder")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small RoBERTa as transformers saves it."""
    return save_roberta(tmp_path / "encoder", SMALL)


def load(folder: Path) -> str:
    """Load what cannot be loaded; returns the message."""
    with pytest.raises(CheckpointError) as caught:
        load_start(str(folder), no_tokenizer)
    return str(caught.value)


def test_hugging_face_folder_gives_its_weights_and_tokenizer(folder: Path) -> None:
    start = load_start(str(folder), no_tokenizer)
    assert start.encoder is not None
    saved = RobertaModel.from_pretrained(folder, add_pooling_layer=False).state_dict()
    loaded = start.encoder.state_dict()
    assert all(torch.equal(saved[name], loaded[name]) for name in saved)
    assert start.tokenizer.get_vocab_size() == start.fields["vocab_size"] == 300
    expected = AutoTokenizer.from_pretrained(folder).tokenize("A great film!")
    assert start.tokenizer.encode("A great film!", add_special_tokens=False).tokens == expected
    assert "eat" in expected
    assert (start.fields["bos_token_id"], start.fields["pad_token_id"]) == (0, 1)
    assert start.network is None


def test_shape_gets_a_tokenizer_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "shape.json").write_text(json.dumps(SMALL))
    asked: list[int] = []

    def fit(vocab_size: int) -> Tokenizer:
        asked.append(vocab_size)
        return make_tokenizer()

    start = load_start(str(tmp_path / "shape.json"), fit)
    assert asked == [300]
    assert start.fields["vocab_size"] == start.tokenizer.get_vocab_size() == 261
    assert start.encoder is None


def test_project_checkpoint_gives_its_whole_classifier(tiny_checkpoint: Path) -> None:
    start = load_start(str(tiny_checkpoint), no_tokenizer)
    assert start.network is not None
    assert start.settings is not None
    assert start.settings.labels == ("bad", "fair", "good")
    assert start.encoder is start.network.encoder


def test_foreign_vocabulary_is_refused(tmp_path: Path) -> None:
    message = load(save_roberta(tmp_path / "foreign", SMALL, vocab_size=290))
    assert "expected a tokenizer of 300 pieces" in message
    assert "found one of 290" in message


def test_foreign_vocabulary_of_a_checkpoint_is_refused(tiny_checkpoint: Path) -> None:
    tokenizer = make_tokenizer()
    tokenizer.add_tokens(["foreign"])
    tokenizer.save(str(tiny_checkpoint / "tokenizer.json"))
    assert "expected a vocabulary of 261 pieces" in load(tiny_checkpoint)


def test_pickled_weights_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    message = load(folder)
    assert "pickled weights are refused" in message
    assert f"name its file: {folder}/config.json" in message


def test_missing_weights_are_not_made_up(folder: Path) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    name = next(name for name in tensors if "layer.1.attention.self.query.weight" in name)
    del tensors[name]
    save_file(tensors, path, metadata={"format": "pt"})
    message = load(folder)
    assert "expected the weights of an encoder, found none for" in message
    assert "layer.1.attention.self.query.weight" in message


def test_weights_of_another_shape_are_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 128}))
    assert "expected a whole encoder" in load(folder)


def test_weights_cut_short_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    assert "expected a whole encoder" in load(folder)


def test_broken_config_is_named(folder: Path) -> None:
    (folder / "config.json").write_text("{")
    assert f"{folder / 'config.json'}: expected a model's config" in load(folder)


def test_bilstm_is_no_encoder(make_checkpoint: Callable[..., Path]) -> None:
    encoder = {"vocab_size": 261, "embedding_size": 8, "hidden_size": 4, "pad_token_id": 1}
    folder = make_checkpoint(architecture="bilstm", encoder=encoder)
    assert "expected a RoBERTa checkpoint, found a BiLSTM" in load(folder)
