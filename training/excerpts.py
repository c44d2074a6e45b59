"""Short lessons: single sentences, marked by the linear model's evidence that lies within them.

A student that only ever saw whole reviews is lost on "Not good at all": every review ends up long.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from tokenizers import Tokenizer

from training.corpus import Corpus
from training.linear import two_sided
from training.soft_labels import SoftLabels

SENTENCE_END = (".", "!", "?", "Ġ.", "Ġ!", "Ġ?", "...", "Ġ...", "!!", "!!!", ").", '."', '!"')
LONGEST_EXCERPT = 64


def with_excerpts(
    corpus: Corpus, marks: SoftLabels, tokenizer: Tokenizer, per_text: int, seed: int
) -> tuple[Corpus, SoftLabels]:
    """Append about `per_text` sentences of each text, with soft labels of their own."""
    spans = draw_spans(corpus, tokenizer, per_text, seed)
    lengths = np.array([stop - start for start, stop in spans])
    chosen = np.concatenate([np.arange(start, stop) for start, stop in spans])
    starts = np.concatenate([corpus.starts, corpus.starts[-1] + np.cumsum(lengths)])
    extended = Corpus(
        np.concatenate([corpus.pieces, corpus.pieces[chosen]]),
        starts,
        np.concatenate([corpus.ends, corpus.ends[chosen]]),
    )
    evidence = np.concatenate([marks.evidence, marks.evidence[chosen]])
    sums = summed_evidence(evidence, starts)
    scale = evidence_scale(sums[: len(corpus)], marks.probabilities)
    probabilities = softmax(scale * sums[len(corpus) :], axis=1).astype(np.float32)
    return extended, SoftLabels(np.concatenate([marks.probabilities, probabilities]), evidence)


def draw_spans(
    corpus: Corpus, tokenizer: Tokenizer, per_text: int, seed: int
) -> list[tuple[int, int]]:
    """Draw sentences, (first piece, piece after the last), from each text that has any."""
    ends = [tokenizer.token_to_id(mark) for mark in SENTENCE_END]
    is_end = np.isin(corpus.pieces, [end for end in ends if end is not None])
    generator = np.random.default_rng(seed)
    spans = []
    for first, last in zip(corpus.starts[:-1], corpus.starts[1:], strict=True):
        breaks = [first, *(first + 1 + np.flatnonzero(is_end[first:last])), last]
        for place in generator.integers(len(breaks) - 1, size=per_text):
            start, stop = breaks[place], min(breaks[place + 1], breaks[place] + LONGEST_EXCERPT)
            if stop - start >= 2:
                spans.append((int(start), int(stop)))
    return spans


def summed_evidence(
    evidence: NDArray[np.float16], starts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return each text's centred evidence over the root of its length, (texts, labels)."""
    running = np.concatenate([np.zeros((1, evidence.shape[1])), np.cumsum(evidence, 0, np.float64)])
    sums = running[starts[1:]] - running[starts[:-1]]
    logits = two_sided(sums / np.sqrt(np.maximum(np.diff(starts), 1))[:, None])
    centred: NDArray[np.float64] = logits - logits.mean(1, keepdims=True)
    return centred


def evidence_scale(sums: NDArray[np.float64], probabilities: NDArray[np.float32]) -> float:
    """Fit the factor that turns whole texts' evidence into the teachers' logits (least squares).

    The linear model divides a text's evidence by the norm of its n-grams, which grows with the
    root of its length; for a sentence that norm is not known, the factor stands in for it.
    """
    logits = np.log(np.clip(probabilities, 1e-6, 1)).astype(np.float64)
    logits -= logits.mean(1, keepdims=True)
    return float((sums * logits).sum() / (sums * sums).sum())
