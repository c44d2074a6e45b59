"""What the teachers say: every text is scored by the model that has not seen it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from handler.cleaning import clean_plain
from tests.unit.conftest import make_tokenizer
from training.data.corpus import Corpus, encode_corpus
from training.teachers.linear import LinearModel, evidence
from training.teachers.soft_labels import SoftLabels, linear_soft_labels, mix

TEXTS = ["good film", "bad film", "film"]


def model(weight: float) -> LinearModel:
    """Return a model that knows two words; log ratios are one, so the weights are the evidence."""
    ratios: NDArray[np.float32] = np.ones((2, 1), dtype=np.float32)
    weights: NDArray[np.float32] = np.array([[weight], [-weight]], dtype=np.float32)
    return LinearModel({"good": 0, "bad": 1}, ratios, weights, np.zeros(1))


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return encode_corpus(TEXTS, clean_plain, make_tokenizer(), tmp_path)


def test_each_text_is_scored_by_its_own_model(corpus: Corpus) -> None:
    models = [model(1.0), model(3.0)]
    found = linear_soft_labels(models, np.array([0, 1, 1]), TEXTS, corpus, processes=1)
    expected = 1 / (1 + np.exp(-np.array([1.0, -3.0, 0.0])))
    assert found.probabilities[:, 1] == pytest.approx(expected, rel=1e-5)
    assert found.probabilities.sum(1) == pytest.approx(1)


def test_several_processes_find_what_one_finds(tmp_path: Path) -> None:
    texts = TEXTS * 200
    corpus = encode_corpus(texts, clean_plain, make_tokenizer(), tmp_path)
    models, model_of = [model(1.0), model(3.0)], np.arange(len(texts)) % 2
    one, several = (linear_soft_labels(models, model_of, texts, corpus, each) for each in (1, 2))
    assert np.array_equal(several.probabilities, one.probabilities)
    assert np.array_equal(several.evidence, one.evidence)


def test_evidence_lies_piece_by_piece_beside_the_corpus(corpus: Corpus) -> None:
    found = linear_soft_labels([model(2.0)], np.zeros(3, dtype=np.int64), TEXTS, corpus, 1)
    assert len(found.evidence) == len(corpus.pieces)
    for index, text in enumerate(TEXTS):
        ends = corpus.ends[corpus.starts[index] : corpus.starts[index + 1]]
        expected, _ = evidence(model(2.0), text, np.asarray(ends))
        assert np.array_equal(found.of(corpus.starts, index), expected)
    # one piece per letter: the word's evidence stands at its last one
    assert found.of(corpus.starts, 0)[:, 0].tolist() == [0, 0, 0, 2, 0, 0, 0, 0, 0]


def test_true_labels_are_mixed_in_by_their_share_where_there_are_any() -> None:
    soft: NDArray[np.float32] = np.array([[0.2, 0.8], [0.2, 0.8], [0.6, 0.4]], dtype=np.float32)
    mixed = mix(soft, np.array([0, 1, -1]), share=0.5)
    assert mixed == pytest.approx(np.array([[0.6, 0.4], [0.1, 0.9], [0.6, 0.4]]))
    assert soft[0].tolist() == pytest.approx([0.2, 0.8])  # the teachers' own word is left alone
    assert mix(soft, np.array([0, 1, 0]), share=1.0).tolist() == [[1, 0], [0, 1], [1, 0]]


def test_soft_labels_of_one_text() -> None:
    soft = SoftLabels(np.zeros((2, 2), np.float32), np.arange(5, dtype=np.float16)[:, None])
    assert soft.of(np.array([0, 2, 5]), 1).tolist() == [[2], [3], [4]]
