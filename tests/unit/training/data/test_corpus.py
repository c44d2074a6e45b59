"""Texts are tokenized once: the cache is keyed by all that matters, and written whole."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from handler.cleaning import clean_plain, clean_tutorial
from handler.files import WriteError
from tests.unit.conftest import make_tokenizer
from training.data import corpus as module
from training.data.corpus import Corpus, encode_corpus
from training.data.readers import DataError
from training.data.tokenizer import SPECIAL_TOKENS, fit_tokenizer

TEXTS = ["Good film.", "", "Not bad<br />at all"]


def encode(cache: Path, texts: list[str] = TEXTS, tokenizer: Tokenizer | None = None) -> Corpus:
    return encode_corpus(texts, clean_plain, tokenizer or make_tokenizer(), cache)


def test_each_text_is_found_again_in_its_place(tmp_path: Path) -> None:
    corpus, tokenizer = encode(tmp_path), make_tokenizer()
    assert len(corpus) == 3
    assert corpus.lengths.tolist() == [10, 0, 14]
    for index, text in enumerate(TEXTS):
        expected = tokenizer.encode(clean_plain(text), add_special_tokens=False).ids
        assert corpus[index].tolist() == expected


def test_ends_are_offsets_in_the_cleaned_text(tmp_path: Path) -> None:
    texts = ["The acting is wooden, the plot thin.", "A wooden plot."]
    corpus = encode(tmp_path, texts, fit_tokenizer(texts * 5, 290))
    pieces = corpus.ends[corpus.starts[1] : corpus.starts[2]]
    assert pieces[-1] == len("A wooden plot.")
    assert np.all(np.diff(pieces.astype(int)) >= 0)


def test_arrays_are_mapped_from_disk_and_small(tmp_path: Path) -> None:
    corpus = encode(tmp_path)
    assert isinstance(corpus.pieces, np.memmap)
    assert corpus.pieces.itemsize == corpus.ends.itemsize == 2


def test_second_call_reads_the_cache_and_tokenizes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = encode(tmp_path)
    monkeypatch.setattr(module, "_write", lambda *_: pytest.fail("tokenized again"))
    assert np.array_equal(encode(tmp_path).pieces, first.pieces)


def test_another_text_profile_or_tokenizer_is_another_entry(tmp_path: Path) -> None:
    encode(tmp_path)
    encode(tmp_path, [*TEXTS[:2], "Not bad<br />at all!"])
    encode(tmp_path, tokenizer=fit_tokenizer(TEXTS, 280))
    encode_corpus(TEXTS, clean_tutorial, make_tokenizer(), tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_text_longer_than_16_bits_count(tmp_path: Path) -> None:
    corpus = encode(tmp_path, ["good " * 14_000])
    assert int(corpus.ends[-1]) == 14_000 * 5 - 1


def test_entry_that_two_runs_write_at_once_is_whole(tmp_path: Path) -> None:
    there = encode(tmp_path)
    entry = next(tmp_path.iterdir())
    module._write(TEXTS, clean_plain, make_tokenizer(), entry)  # as if both had begun at once
    assert np.array_equal(encode(tmp_path).pieces, there.pieces)
    assert list(tmp_path.iterdir()) == [entry]


def test_failure_leaves_no_entry_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.data.corpus.np.save", full)
    with pytest.raises(WriteError, match="No space left"):
        encode(tmp_path)
    monkeypatch.undo()
    assert len(encode(tmp_path)) == 3
    assert len(list(tmp_path.iterdir())) == 1


def test_vocabulary_beyond_16_bits_is_refused(tmp_path: Path) -> None:
    class Large:
        def get_vocab_size(self) -> int:
            return 70_000

    with pytest.raises(DataError, match=r"at most 65536 pieces .* found 70000"):
        encode_corpus(TEXTS, clean_plain, Large(), tmp_path)  # type: ignore[arg-type]


def test_tokenizer_is_byte_level_so_no_character_is_unknown() -> None:
    tokenizer = fit_tokenizer(["a good film, a good cast"] * 3, 280)
    assert [tokenizer.id_to_token(index) for index in range(5)] == list(SPECIAL_TOKENS)
    encoding = tokenizer.encode("naïve 映画 😀")
    assert "<unk>" not in encoding.tokens
    assert tokenizer.decode(encoding.ids) == " naïve 映画 😀"
    assert (encoding.tokens[0], encoding.tokens[-1]) == ("<s>", "</s>")


def test_tokenizer_of_few_texts_may_be_smaller_than_asked_for() -> None:
    assert fit_tokenizer(["good film"] * 2, 5_000).get_vocab_size() < 300
