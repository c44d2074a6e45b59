"""What the teachers say of each review: soft labels, and the linear model's evidence per piece."""

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from training.corpus import Corpus
from training.linear import LinearModel, evidence, two_sided


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
    global _work
    _work = (models, model_of, texts, corpus)  # inherited by fork: the models are large
    with get_context("fork").Pool(processes) as pool:
        results = pool.map(_score, range(len(texts)), chunksize=500)
    scores = np.stack([score for _, score in results])
    return SoftLabels(
        softmax(two_sided(scores), axis=1).astype(np.float32),
        np.concatenate([pieces for pieces, _ in results]),
    )


_work: tuple[Sequence[LinearModel], NDArray[np.int64], Sequence[str], Corpus]


def _score(index: int) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    models, model_of, texts, corpus = _work
    ends = np.asarray(corpus.ends[corpus.starts[index] : corpus.starts[index + 1]])
    per_piece, score = evidence(models[model_of[index]], texts[index], ends)
    return per_piece.astype(np.float16), score


def mix(soft: NDArray[np.float32], labels: NDArray[np.int64], share: float) -> NDArray[np.float32]:
    """Mix true labels into soft ones; label -1 means that there is no true label."""
    mixed = soft.copy()
    known = np.flatnonzero(labels >= 0)
    mixed[known] *= 1 - share
    mixed[known, labels[known]] += share
    return mixed
