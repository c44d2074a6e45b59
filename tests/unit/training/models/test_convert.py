"""A BERT encoder in RoBERTa's layout: the same hidden states, or a refusal that says why."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from handler.errors import CheckpointError
from tests.unit.training.bert import SMALL, save_bert
from training.models.convert import convert_bert
from training.models.encoders import load_start


def no_tokenizer(vocab_size: int) -> Tokenizer:
    raise AssertionError("the tokenizer stands in the folder")


def test_hidden_states_are_berts_own_padding_included(tmp_path: Path) -> None:
    bert: Any = BertModel.from_pretrained(save_bert(tmp_path), add_pooling_layer=False)
    roberta: Any = convert_bert(bert)
    bert.eval()
    roberta.eval()
    ids = torch.tensor([[2, 5, 6, 7, 8, 3], [2, 9, 3, 0, 0, 0]])
    mask = (ids != 0).long()
    with torch.no_grad():
        expected = bert(input_ids=ids, attention_mask=mask)[0][mask.bool()]
        found = roberta(input_ids=ids, attention_mask=mask)[0][mask.bool()]
    assert torch.equal(found, expected)


def test_as_many_tokens_fit_as_before() -> None:
    config = convert_bert(BertModel(BertConfig(**SMALL), add_pooling_layer=False)).config
    assert config.max_position_embeddings == SMALL["max_position_embeddings"] + 1
    assert (config.pad_token_id, config.type_vocab_size) == (0, 1)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"position_embedding_type": "relative_key"}, "position_embedding_type 'absolute'"),
        ({"is_decoder": True}, "is_decoder False"),
    ],
)
def test_what_the_layout_cannot_hold_is_refused(change: dict[str, object], found: str) -> None:
    bert = BertModel(BertConfig(**SMALL), add_pooling_layer=False)
    for name, value in change.items():
        setattr(bert.config, name, value)
    with pytest.raises(CheckpointError, match=f"expected a BERT with {found}"):
        convert_bert(bert)


def test_special_tokens_go_by_the_tokenizers_own_names(tmp_path: Path) -> None:
    start = load_start(str(save_bert(tmp_path)), no_tokenizer)
    names = ("bos_token_id", "eos_token_id", "pad_token_id")
    assert [start.fields[name] for name in names] == [2, 3, 0]


def test_texts_are_read_whole_although_the_tokenizer_cuts(tmp_path: Path) -> None:
    start = load_start(str(save_bert(tmp_path)), no_tokenizer)
    assert len(start.tokenizer.encode("good " * 30, add_special_tokens=False).ids) == 30


def test_weights_of_another_checksum_are_refused(tmp_path: Path) -> None:
    folder = save_bert(tmp_path)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    load_start(str(folder), no_tokenizer, sha256=digest)
    with pytest.raises(CheckpointError, match=f"expected sha-256 {'0' * 64}, found {digest}"):
        load_start(str(folder), no_tokenizer, sha256="0" * 64)


def test_a_family_that_cannot_be_converted_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "mpnet"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match="families roberta, bert, found 'mpnet'"):
        load_start(str(tmp_path), no_tokenizer)
