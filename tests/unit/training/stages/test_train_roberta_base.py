"""`--encoder roberta-base` by a folder of exactly its shape and tokenizer type, random weights."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from contract.answer import Prediction
from handler.checkpoint import read_settings
from handler.predictor import Predictor
from handler.weights import load_network
from tests.unit.training.hugging_face import BASE, save_roberta
from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training.stages import train


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for gigabytes: emptied at once, not when pytest gets round to it."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def test_few_steps_on_the_shape_of_roberta_base(folder: Path) -> None:
    encoder = save_roberta(folder / "encoder", BASE)
    rows = make_rows({"negative": 10, "positive": 10}, WORDS)
    data = write_table(folder / "reviews.csv", rows)
    train.main(
        [
            *("--data", str(data), "--encoder", str(encoder), "--output", str(folder / "run")),
            *("--cache", str(folder / "cache"), "--max-length", "32", "--batch-tokens", "128"),
            *("--steps", "2", "--r-drop", "0"),
        ]
    )
    settings = read_settings(folder / "run" / "checkpoint")
    assert {name: settings.encoder[name] for name in BASE} == BASE
    assert (settings.encoder["hidden_size"], settings.encoder["num_hidden_layers"]) == (768, 12)
    network, _ = load_network(folder / "run" / "checkpoint")
    head = (768 + 1) * 768 + 768 * 2 + 2
    assert sum(p.numel() for p in network.parameters()) == 124_055_040 + head
    assert has_moved(encoder, network)
    answer = Predictor.load(folder / "run" / "checkpoint", "torch-fp32", threads=1).predict(
        ["A great film."]
    )
    assert isinstance(answer[0], Prediction)
    assert answer[0].tokens >= 5


def has_moved(encoder: Path, network: torch.nn.Module) -> bool:
    """Whether the lowest layer was trained: gradients went through all twelve."""
    name = "encoder.layer.0.attention.self.query.weight"
    saved = load_file(encoder / "model.safetensors")
    (before,) = (tensor for key, tensor in saved.items() if key.endswith(name))
    return not torch.equal(before.half().float(), network.state_dict()[f"encoder.{name}"])
