"""The folder that peers load: framed by the special tokens of the checkpoint, by any name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from benchmarks.hugging_face import write_folder
from benchmarks.model_files import ModelFiles
from handler.network import ReviewClassifier
from handler.weights import save_checkpoint
from tests.unit.conftest import make_settings, make_tokenizer
from tests.unit.training.bert import make_tokenizer as make_word_pieces


def word_pieces() -> Tokenizer:
    backend: Tokenizer = make_word_pieces().backend_tokenizer
    return backend


@pytest.mark.parametrize(
    ("tokenizer_of", "special"),
    [(make_tokenizer, ("<s>", "<pad>", "</s>")), (word_pieces, ("[CLS]", "[PAD]", "[SEP]"))],
)
def test_texts_are_framed(
    tokenizer_of: Callable[[], Tokenizer], special: tuple[str, ...], tmp_path: Path
) -> None:
    tokenizer = tokenizer_of()
    names = ("bos_token_id", "pad_token_id", "eos_token_id")
    encoder = {
        name: tokenizer.token_to_id(token) for name, token in zip(names, special, strict=True)
    }
    settings = make_settings(encoder={**encoder, "vocab_size": tokenizer.get_vocab_size()})
    save_checkpoint(tmp_path / "checkpoint", ReviewClassifier(settings), settings, tokenizer)
    write_folder(ModelFiles(tmp_path), tmp_path / "folder")
    loaded: Any = AutoTokenizer.from_pretrained(tmp_path / "folder")
    ids = loaded("good")["input_ids"]
    assert (ids[0], ids[-1]) == (encoder["bos_token_id"], encoder["eos_token_id"])
    assert loaded.pad_token == special[1]
