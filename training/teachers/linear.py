"""The linear model: NB-weighted logistic regression on word 1–3-grams.

Wang & Manning 2012, "Baselines and Bigrams": binary n-grams weighted by the log ratio of their
Naive Bayes likelihoods, normalised to length one, under a logistic regression.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

WORD: Final = re.compile(r"\w+(?:'\w+)?|[!?.,;:()*\"]")
LONGEST: Final = 3
INVERSE_REGULARISATION: Final = 40.0


@dataclass(frozen=True)
class LinearModel:
    """Scores a text by its n-grams; `ratios` and `weights` are (features, columns).

    One column for two labels (evidence for the second), else one column per label.
    """

    vocabulary: dict[str, int]
    ratios: NDArray[np.float32]
    weights: NDArray[np.float32]
    intercept: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Bytes of its n-grams and of their numbers."""
        words = sum(len(ngram.encode()) for ngram in self.vocabulary)
        return words + self.ratios.nbytes + self.weights.nbytes

    def log_probabilities(self, features: sparse.csr_matrix) -> NDArray[np.float64]:
        """Return (texts, labels) from a binary n-gram matrix."""
        parts = zip(self.ratios.T, self.weights.T, self.intercept, strict=True)
        columns = [_weighted(features, ratio) @ weight + bias for ratio, weight, bias in parts]
        return np.asarray(log_softmax(two_sided(np.stack(columns, axis=1)), axis=1))


def two_sided(scores: NDArray[Any]) -> NDArray[Any]:
    """Turn one column of evidence into logits of two labels; several columns stay as they are."""
    return np.concatenate([-scores / 2, scores / 2], axis=1) if scores.shape[1] == 1 else scores


def words_of(text: str) -> list[str]:
    """Split a cleaned text into lower-cased words and punctuation."""
    return [match.group().lower() for match in WORD.finditer(text)]


def fit_vectorizer(texts: Sequence[str]) -> tuple[CountVectorizer, sparse.csr_matrix]:
    """Collect the n-grams that stand in at least two texts; returns the texts' matrix as well."""
    vectorizer = CountVectorizer(analyzer=_ngrams_of, binary=True, min_df=2, dtype=np.float32)
    return vectorizer, vectorizer.fit_transform(texts)


def fit_linear(
    features: sparse.csr_matrix,
    labels: NDArray[np.int64],
    vocabulary: dict[str, int],
    inverse_regularisation: float = INVERSE_REGULARISATION,
) -> LinearModel:
    """Fit on a binary n-gram matrix (texts, features) and label ids."""
    count = int(labels.max()) + 1
    columns = [1] if count == 2 else range(count)
    ratios, weights, intercepts = [], [], []
    for column in columns:
        ratio = _log_ratio(features, labels == column)
        model = LogisticRegression(
            C=inverse_regularisation, solver="liblinear", dual=True, max_iter=1000
        )
        model.fit(_weighted(features, ratio), labels == column)
        ratios.append(ratio)
        weights.append(model.coef_[0].astype(np.float32))
        intercepts.append(float(model.intercept_[0]))
    return LinearModel(vocabulary, np.stack(ratios, 1), np.stack(weights, 1), np.array(intercepts))


def fit_out_of_fold(
    features: sparse.csr_matrix,
    labels: NDArray[np.int64],
    vocabulary: dict[str, int],
    folds: int,
    seed: int,
) -> tuple[list[LinearModel], NDArray[np.int64]]:
    """Fit one model per fold on the other folds; returns the models and each text's fold."""
    fold = np.random.default_rng(seed).permutation(len(labels)) % folds
    models = [
        fit_linear(features[fold != held_out], labels[fold != held_out], vocabulary)
        for held_out in range(folds)
    ]
    return models, fold


def evidence(
    model: LinearModel, text: str, piece_ends: NDArray[np.uint16]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Spread a text's score over its pieces: each n-gram counts where its last word ends.

    Returns (pieces, columns) evidence, not normalised by the text, and (columns,) the text's score.
    """
    matches = list(WORD.finditer(text))
    features, last_words = _features(model.vocabulary, [match.group().lower() for match in matches])
    per_piece = np.zeros((len(piece_ends), model.weights.shape[1]), dtype=np.float32)
    if not features.size:
        return per_piece, model.intercept.astype(np.float32)
    ratios = model.ratios[features]
    contributions = ratios * model.weights[features]
    word_ends = np.array([match.end() for match in matches])
    pieces = np.searchsorted(piece_ends, word_ends[last_words]).clip(max=len(piece_ends) - 1)
    np.add.at(per_piece, pieces, contributions)
    first = np.unique(features, return_index=True)[1]
    norm = np.sqrt((ratios[first] ** 2).sum(0)) + 1e-9
    return per_piece, contributions[first].sum(0) / norm + model.intercept.astype(np.float32)


def _features(
    vocabulary: dict[str, int], words: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    found = [
        (column, last)
        for ngram, last in _ngrams(words)
        if (column := vocabulary.get(ngram)) is not None
    ]
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _ngrams(words: list[str]) -> Iterator[tuple[str, int]]:
    """Yield each n-gram with the index of its last word."""
    for length in range(1, LONGEST + 1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length]), start + length - 1


def _ngrams_of(text: str) -> list[str]:
    return [ngram for ngram, _ in _ngrams(words_of(text))]


def _weighted(features: sparse.csr_matrix, ratio: NDArray[np.float32]) -> sparse.csr_matrix:
    return normalize(features @ sparse.diags(ratio), copy=False)


def _log_ratio(features: sparse.csr_matrix, chosen: NDArray[np.bool_]) -> NDArray[np.float32]:
    inside = np.asarray(features[chosen].sum(0)).ravel() + 1.0
    outside = np.asarray(features[~chosen].sum(0)).ravel() + 1.0
    ratio = np.log((inside / inside.sum()) / (outside / outside.sum()))
    return np.asarray(ratio, np.float32)
