"""What the teachers say of each review: soft labels, and the linear model's evidence per piece."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.feature_extraction.text import CountVectorizer

from handler.cleaning import PROFILES
from training.data.corpus import Corpus
from training.data.readers import Review
from training.data.splits import Splits
from training.teachers.linear import (
    LinearModel,
    evidence,
    fit_linear,
    fit_out_of_fold,
    fit_vectorizer,
    two_sided,
)

FOLDS = 5
_CHUNK = 500  # texts that a process is given at a time

# A text's evidence, one row per piece, and its score.
_Scored = tuple[NDArray[np.float16], NDArray[np.float32]]


@dataclass(frozen=True)
class SoftLabels:
    """Teachers' probabilities (texts, labels) and evidence (pieces, columns), one row per piece."""

    probabilities: NDArray[np.float32]
    evidence: NDArray[np.float16]

    def of(self, starts: NDArray[np.int64], index: int) -> NDArray[np.float16]:
        """Return one text's evidence, piece by piece."""
        return self.evidence[starts[index] : starts[index + 1]]


def linear_soft_labels(
    models: Sequence[LinearModel],
    model_of: NDArray[np.int64],
    texts: Sequence[str],
    corpus: Corpus,
    processes: int,
) -> SoftLabels:
    """Score each cleaned text with the model that has not seen it (`model_of` indexes `models`)."""
    ends = (np.asarray(corpus.ends[start:end]) for start, end in pairwise(corpus.starts))
    work = (model_of.tolist(), texts, ends)
    needed = min(processes, -(-len(texts) // _CHUNK))
    if needed == 1:
        results = [_score_with(models, *text) for text in zip(*work, strict=True)]
    else:
        # Not forked: the threads of this process would be missing there, and be waited for.
        context = get_context("spawn")
        with ProcessPoolExecutor(needed, context, _hold, (models,)) as pool:
            results = list(pool.map(_score, *work, chunksize=_CHUNK))
    scores = np.stack([score for _, score in results])
    return SoftLabels(
        softmax(two_sided(scores), axis=1).astype(np.float32),
        np.concatenate([pieces for pieces, _ in results]),
    )


_models: Sequence[LinearModel]


def _hold(models: Sequence[LinearModel]) -> None:
    """Keep the models in a process that scores: they are large and are sent once."""
    global _models
    _models = models


def _score(model: int, text: str, ends: NDArray[np.uint16]) -> _Scored:
    return _score_with(_models, model, text, ends)


def _score_with(
    models: Sequence[LinearModel], model: int, text: str, ends: NDArray[np.uint16]
) -> _Scored:
    per_piece, score = evidence(models[model], text, ends)
    return per_piece.astype(np.float16), score


def mix(soft: NDArray[np.float32], labels: NDArray[np.int64], share: float) -> NDArray[np.float32]:
    """Mix true labels into soft ones; label -1 means that there is no true label."""
    mixed = soft.copy()
    known = np.flatnonzero(labels >= 0)
    mixed[known] *= 1 - share
    mixed[known, labels[known]] += share
    return mixed


@dataclass(frozen=True)
class LinearTeacher:
    """One model for each fold of the training texts and, last, one for everything else."""

    models: list[LinearModel]
    vectorizer: CountVectorizer
    features: csr_matrix  # of the training texts
    fold: NDArray[np.int64]


def fit_linear_teacher(splits: Splits, texts: Sequence[str], seed: int) -> LinearTeacher:
    """Fit the linear teacher on the cleaned texts, the first of which are the training ones."""
    labels = np.array(splits.label_ids(splits.train))
    vectorizer, features = fit_vectorizer(texts[: len(labels)])
    vocabulary = vectorizer.vocabulary_
    models, fold = fit_out_of_fold(features, labels, vocabulary, FOLDS, seed)
    models.append(fit_linear(features, labels, vocabulary))
    return LinearTeacher(models, vectorizer, features, fold)


def teach_linear(splits: Splits, texts: Sequence[str], corpus: Corpus, seed: int) -> SoftLabels:
    """Fit the linear teacher and let it label all texts, the training ones out of fold."""
    teacher = fit_linear_teacher(splits, texts, seed)
    rest = np.full(len(texts) - len(splits.train), FOLDS)
    model_of = np.concatenate([teacher.fold, rest])
    return linear_soft_labels(teacher.models, model_of, texts, corpus, os.cpu_count() or 1)


def linear_logits(splits: Splits, reviews: Sequence[Review], seed: int) -> NDArray[np.float32]:
    """Return the linear model's logits (reviews, labels), `splits.train` being the first reviews.

    Each training review is answered by a model that has not seen it.
    """
    count = len(splits.train)
    texts = [PROFILES["plain"](review.text) for review in reviews]
    teacher = fit_linear_teacher(splits, texts, seed)
    *folds, whole = teacher.models
    logits = np.empty((len(reviews), len(splits.labels)), dtype=np.float32)
    for number, model in enumerate(folds):
        seen = np.flatnonzero(teacher.fold == number)
        logits[seen] = model.log_probabilities(teacher.features[seen])
    logits[count:] = whole.log_probabilities(teacher.vectorizer.transform(texts[count:]))
    return logits
