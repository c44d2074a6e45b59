"""Packed rows: every token of every document, in order, framed, none of it padding."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from handler.cleaning import clean_plain
from tests.unit.conftest import make_tokenizer
from training.data.corpus import Corpus, encode_corpus
from training.data.packed_rows import Rows
from training.data.readers import DataError

BEGIN, END = 0, 2
TEXTS = [f"review {number} " + "so good " * (number % 9) for number in range(60)]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return encode_corpus(TEXTS, clean_plain, make_tokenizer(), tmp_path)


def rows(corpus: Corpus, length: int = 16, count: int = 4, seed: int = 1) -> Rows:
    return Rows(corpus, length, count, BEGIN, END, seed)


def documents(batches: list[NDArray[np.int64]]) -> list[list[int]]:
    """Undo the packing: what stands between two ends."""
    stream = np.concatenate([batch[:, 1:].ravel() for batch in batches])
    return [part[part != END].tolist() for part in np.split(stream, np.flatnonzero(stream == END))]


def test_an_epoch_is_every_document_once_in_another_order(corpus: Corpus) -> None:
    packed = rows(corpus, count=1)
    found = documents([packed[number] for number in range(packed.per_epoch)])
    expected = [corpus[index].tolist() for index in range(len(corpus))]
    whole = found[:-1]  # the last one may be cut where the epoch's last row ends
    assert len(whole) >= len(expected) - 2
    assert all(document in expected for document in whole)
    assert whole != expected[: len(whole)]


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=12),
    st.integers(2, 9),
    st.integers(1, 3),
    st.integers(0, 2),
)
def test_any_documents_fill_the_rows_one_after_the_other(
    lengths: list[int], length: int, count: int, epoch: int
) -> None:
    starts = np.cumsum([0, *lengths])
    pieces = np.arange(5, 5 + starts[-1])  # no piece occurs twice
    corpus = Corpus(pieces.astype(np.uint16), starts, pieces.astype(np.uint16))
    assume(starts[-1] + len(corpus) >= (length - 1) * count)
    packed = rows(corpus, length, count)
    numbers = range(epoch * packed.per_epoch, (epoch + 1) * packed.per_epoch)
    *whole, cut = documents([packed[number] for number in numbers])
    originals = [corpus[index].tolist() for index in range(len(corpus))]
    for document in whole:
        originals.remove(document)
    assert any(document[: len(cut)] == cut for document in originals) or not cut


def test_every_row_is_full_and_begins_as_a_review_does(corpus: Corpus) -> None:
    batch = rows(corpus)[0]
    assert batch.shape == (4, 16)
    assert set(batch[:, 0]) == {BEGIN}
    assert not (batch[:, 1:] == BEGIN).any()
    assert not (batch == 1).any()  # padding


def test_a_batch_depends_on_its_number_and_the_seed_alone(corpus: Corpus) -> None:
    packed = rows(corpus)
    last = 2 * packed.per_epoch + 1
    straight = [packed[number] for number in range(last + 1)]
    assert np.array_equal(rows(corpus)[last], straight[last])
    assert np.array_equal(packed[2], straight[2])
    assert not np.array_equal(rows(corpus, seed=2)[2], straight[2])
    assert not np.array_equal(straight[2 + packed.per_epoch], straight[2])


def test_text_that_does_not_fill_one_batch_is_refused(corpus: Corpus) -> None:
    with pytest.raises(DataError, match=r"batch of 40 rows of 512 tokens, found .*lower --batch"):
        rows(corpus, length=512, count=40)
