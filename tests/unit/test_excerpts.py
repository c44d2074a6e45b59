"""Excerpts: whole sentences of the corpus, with labels that follow their own evidence."""

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from training.corpus import Corpus
from training.excerpts import draw_spans, evidence_scale, summed_evidence, with_excerpts
from training.soft_labels import SoftLabels

WORDS = {"<unk>": 0, ".": 1, "good": 2, "bad": 3, "film": 4, "the": 5}


@pytest.fixture
def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordLevel(WORDS, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return made


@pytest.fixture
def corpus() -> Corpus:
    """Two texts: "the film good . the film bad ." and "film"."""
    pieces = np.array([5, 4, 2, 1, 5, 4, 3, 1, 4], np.uint16)
    return Corpus(pieces, np.array([0, 8, 9]), np.zeros(9, np.uint16))


def test_spans_are_whole_sentences_and_short_texts_give_none(
    corpus: Corpus, tokenizer: Tokenizer
) -> None:
    spans = draw_spans(corpus, tokenizer, per_text=40, seed=1)
    assert set(spans) == {(0, 4), (4, 8)}


def test_evidence_is_summed_over_the_root_of_the_length_and_centred() -> None:
    evidence = np.array([[1], [3], [-6]], np.float16)
    sums = summed_evidence(evidence, np.array([0, 2, 3]))
    half = (1 + 3) / np.sqrt(2) / 2
    assert sums == pytest.approx(np.array([[-half, half], [3.0, -3.0]]))


def test_the_scale_turns_evidence_into_the_teachers_logits() -> None:
    sums = np.array([[-1.0, 1.0], [2.0, -2.0]])
    probabilities = np.exp(0.7 * sums) / np.exp(0.7 * sums).sum(1, keepdims=True)
    assert evidence_scale(sums, probabilities.astype(np.float32)) == pytest.approx(0.7, rel=1e-5)


def test_an_excerpts_label_follows_the_evidence_within_it(
    corpus: Corpus, tokenizer: Tokenizer
) -> None:
    evidence = np.zeros((9, 1), np.float16)
    evidence[2], evidence[6], evidence[8] = 2, -1, 1
    marks = SoftLabels(np.array([[0.4, 0.6], [0.3, 0.7]], np.float32), evidence)
    extended, marked = with_excerpts(corpus, marks, tokenizer, per_text=20, seed=1)
    assert len(extended) == len(marked.probabilities) > len(corpus)
    assert len(extended.pieces) == len(marked.evidence)
    for index in range(len(corpus), len(extended)):
        says_good = 2 in extended[index]
        assert (marked.probabilities[index, 1] > 0.5) == says_good
