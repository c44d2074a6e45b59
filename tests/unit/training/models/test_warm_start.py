"""What a new encoder knows before its first step: word vectors, and where its neighbours stand."""

import itertools
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers.models.roberta.modeling_roberta import RobertaSelfAttention

from handler.network import ReviewClassifier
from tests.unit.conftest import make_settings
from training.data.corpus import Corpus
from training.models.warm_start import NEIGHBOURS, _cooccurrences, warm_start, word_vectors

VOCABULARY = 261


def corpus_of(*documents: list[int]) -> Corpus:
    pieces: NDArray[np.uint16] = np.array([*itertools.chain(*documents)], dtype=np.uint16)
    starts = np.cumsum([0, *map(len, documents)]).astype(np.int64)
    return Corpus(pieces, starts, np.zeros(len(pieces), dtype=np.uint16))


@pytest.fixture
def reviews() -> Corpus:
    generator = np.random.default_rng(0)
    return corpus_of(*(generator.integers(5, VOCABULARY, 60).tolist() for _ in range(40)))


def started(corpus: Corpus, heads: int = 4, width: int = 64) -> ReviewClassifier:
    torch.manual_seed(0)
    encoder = {"hidden_size": width, "num_attention_heads": heads}
    network = ReviewClassifier(make_settings(encoder=encoder))
    warm_start(network, corpus, seed=0)
    return network.eval()


@pytest.mark.parametrize(("heads", "width"), [(4, 64), (8, 128)])
def test_each_first_layer_head_peaks_at_its_offset(reviews: Corpus, heads: int, width: int) -> None:
    network = started(reviews, heads, width)
    module = network.encoder.get_submodule("encoder.layer.0.attention.self")
    attention = cast(RobertaSelfAttention, module)
    places = network.encoder.embeddings.position_embeddings.weight[2:66]  # the first are reserved
    with torch.no_grad():
        queries = attention.query(places).view(64, heads, -1).transpose(0, 1)
        keys = attention.key(places).view(64, heads, -1).transpose(0, 1)
        peaks = (queries @ keys.transpose(1, 2)).argmax(-1)
    inner = torch.arange(8, 56)  # away from the ends, where a neighbour may be missing
    for head, offset in enumerate(NEIGHBOURS[:heads]):
        assert torch.equal(peaks[head, inner], inner + offset), offset


def test_words_stay_visible_beside_positions(reviews: Corpus) -> None:
    embeddings = started(reviews).encoder.embeddings
    words, places = embeddings.word_embeddings.weight, embeddings.position_embeddings.weight
    assert torch.all(words[5:, -16:] == 0)
    assert torch.all(places[:, :-16] == 0)
    assert words[5:, :-16].std() > 0.2
    assert torch.all(words[1] == 0)  # padding


def test_words_in_the_same_company_have_similar_vectors() -> None:
    # 10 and 11 stand between 20 and 21; 12 and 13 between 30 and 31.
    documents = [[20, word, 21] for word in (10, 11)] + [[30, word, 31] for word in (12, 13)]
    vectors = word_vectors(corpus_of(*(documents * 20)), vocab_size=40, width=3, seed=0)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert unit[10] @ unit[11] > 0.99
    assert unit[12] @ unit[13] > 0.99
    assert unit[10] @ unit[12] < 0.5


def test_nearer_neighbours_count_more_and_texts_do_not_mix() -> None:
    counts = _cooccurrences(corpus_of([5, 6, 7], [8, 9]), 10).toarray()
    assert counts[5, 6] == counts[6, 5] == 1
    assert counts[5, 7] == 0.5
    assert counts[7, 8] == 0


def test_same_seed_same_start(reviews: Corpus) -> None:
    one, other = started(reviews).state_dict(), started(reviews).state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)
