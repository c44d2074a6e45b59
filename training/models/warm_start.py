"""Give an untrained compact encoder what a corpus tells for free, before any gradient step.

Word vectors by factorised co-occurrence (Levy & Goldberg 2014), sinusoidal positions in dimensions
of their own, and first-layer heads that look at the neighbouring tokens: n-grams from step one.
"""

import math
from typing import cast

import numpy as np
import scipy.sparse as sparse
import torch
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd
from torch import Tensor
from transformers.models.roberta.modeling_roberta import RobertaSelfAttention

from handler.network import ReviewClassifier
from training.data.corpus import Corpus
from training.data.tokenizer import SPECIAL_TOKENS

WINDOW = 5
SMOOTHING = 0.75
NEIGHBOURS = (-1, -2, 1, -3, 2, -4, 3, 0)
_SHARPNESS = 1.5
_WORD_SCALE, _POSITION_SCALE = 0.5, 0.7


def warm_start(network: ReviewClassifier, corpus: Corpus, seed: int) -> None:
    """Fill the encoder's embeddings and first attention layer in place."""
    config = network.encoder.config
    reserved = config.hidden_size // config.num_attention_heads
    words = word_vectors(corpus, config.vocab_size, config.hidden_size - reserved, seed)
    frequencies = torch.logspace(math.log10(2.6), math.log10(2 * math.pi / 1000), reserved // 2)
    with torch.no_grad():
        _place_words(network, words)
        _place_positions(network, frequencies)
        _aim_heads(network, frequencies)


def word_vectors(corpus: Corpus, vocab_size: int, width: int, seed: int) -> NDArray[np.float32]:
    """Factorise the positive pointwise mutual information of pieces within a window of five."""
    counts = _cooccurrences(corpus, vocab_size)
    totals = np.asarray(counts.sum(1)).ravel() + 1e-9
    context = totals**SMOOTHING
    context /= context.sum()
    cells = counts.tocoo()
    information = np.log(cells.data / (totals[cells.row] * context[cells.col]))
    positive = information > 0
    matrix = sparse.csr_matrix(
        (information[positive], (cells.row[positive], cells.col[positive])), shape=counts.shape
    )
    left, strengths, _ = randomized_svd(matrix, width, n_iter=2, random_state=seed)
    vectors = left * np.sqrt(strengths)
    vectors *= math.sqrt(width) / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6)
    centred: NDArray[np.float32] = (vectors - vectors.mean(0)).astype(np.float32)
    return centred


def _cooccurrences(corpus: Corpus, vocab_size: int) -> sparse.csr_matrix:
    pieces = corpus.pieces.astype(np.int32)
    document = np.repeat(np.arange(len(corpus)), corpus.lengths)
    counts = sparse.csr_matrix((vocab_size, vocab_size), dtype=np.float32)
    for distance in range(1, WINDOW + 1):
        same = np.flatnonzero(document[:-distance] == document[distance:])
        for part in np.array_split(same, 4):  # a quarter at a time keeps memory low
            weights = np.full(len(part), 1 / distance, dtype=np.float32)
            pairs = (pieces[part], pieces[part + distance])
            counts += sparse.coo_matrix((weights, pairs), shape=counts.shape).tocsr()
    return counts + counts.T


def _place_words(network: ReviewClassifier, words: NDArray[np.float32]) -> None:
    table = network.encoder.embeddings.word_embeddings.weight
    table.zero_()
    table[:, : words.shape[1]] = _WORD_SCALE * torch.from_numpy(words)
    specials = len(SPECIAL_TOKENS)
    table[:specials] = 0.1 * torch.randn(specials, table.shape[1])
    table[network.encoder.config.pad_token_id] = 0


def _place_positions(network: ReviewClassifier, frequencies: Tensor) -> None:
    table = network.encoder.embeddings.position_embeddings.weight
    angles = torch.arange(len(table)).unsqueeze(1) * frequencies
    table.zero_()
    table[:, -2 * len(frequencies) :] = _POSITION_SCALE * torch.cat([angles.cos(), angles.sin()], 1)


def _aim_heads(network: ReviewClassifier, frequencies: Tensor) -> None:
    """Rotate each head's query by its offset: cos(a(i+o) - a(j)) peaks where j = i + o."""
    module = network.encoder.get_submodule("encoder.layer.0.attention.self")
    attention = cast(RobertaSelfAttention, module)
    half = len(frequencies)
    size = 2 * half
    heads = range(attention.num_attention_heads)
    for head, offset in zip(heads, NEIGHBOURS, strict=False):  # heads beyond these stay random
        cosine, sine = (frequencies * offset).cos().diag(), (frequencies * offset).sin().diag()
        rotation = torch.cat([torch.cat([cosine, -sine], 1), torch.cat([sine, cosine], 1)], 0)
        rows = slice(head * size, (head + 1) * size)
        for projection, aim in ((attention.query, rotation), (attention.key, torch.eye(size))):
            projection.weight[rows] *= 0.1
            projection.weight[rows, -size:] = _SHARPNESS * aim
