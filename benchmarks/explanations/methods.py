"""The ways to say how much each word speaks for a label that `benchmarks.explanations` compares."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.explanations.cases import Case, Score, Scores
from handler.network import ReviewClassifier
from handler.relevance import Network, relevance

CHOSEN: Final = "gradient × input, attention and norms constant"
RANDOM: Final = "random"
WORDS: Final = "occlusion of words"
SENTENCES: Final = "occlusion of sentences"
GRADIENT: Final = "gradient × input"
INTEGRATIONS: Final = ("integrated gradients, 5 steps", "integrated gradients, 20 steps")

Method = Callable[[Case], Scores]


def methods(network: ReviewClassifier, served: Network, score: Score) -> Mapping[str, Method]:
    """Return every method by name: a function from a case to one score per word.

    `served` is the same network as the service explains it.
    """
    return {
        CHOSEN: partial(_relevance, served),
        INTEGRATIONS[0]: partial(_integrated, network, 5),
        INTEGRATIONS[1]: partial(_integrated, network, 20),
        WORDS: partial(_occluded_words, score),
        SENTENCES: partial(_occluded_sentences, score),
        GRADIENT: partial(_gradient, network),
        RANDOM: _random,
    }


def _random(case: Case) -> Scores:
    """Return scores that depend on nothing but the review, so that a piece is the same again."""
    return np.random.default_rng(case.ids).normal(size=len(case.words))


def _relevance(network: Network, case: Case) -> Scores:
    return _by_word(case, relevance(network, case.ids, case.label).tokens)


def _gradient(network: ReviewClassifier, case: Case) -> Scores:
    embedded = _embedded(network, case).requires_grad_()
    odds = _log_odds(network, case.label, embedded)[0]
    (gradient,) = torch.autograd.grad(odds, embedded)
    return _by_word(case, (gradient * embedded).sum(-1)[0].detach().numpy())


def _integrated(network: ReviewClassifier, steps: int, case: Case) -> Scores:
    """Integrate from a review of padding between the special tokens, one step at a time."""
    from captum.attr import IntegratedGradients  # a peer: the tests' environment does without

    embedded = _embedded(network, case)
    padding = network.encoder.embeddings.word_embeddings.weight[network.encoder.config.pad_token_id]
    baseline = padding.expand_as(embedded).clone()
    for place in {0, len(case.ids) - 1}:
        baseline[0, place] = embedded[0, place]
    integrated = IntegratedGradients(partial(_log_odds, network, case.label))
    shares = integrated.attribute(embedded, baseline, n_steps=steps, internal_batch_size=1)
    return _by_word(case, shares.sum(-1)[0].detach().numpy())


def _embedded(network: ReviewClassifier, case: Case) -> Tensor:
    embedded: Tensor = network.encoder.embeddings.word_embeddings(torch.tensor([case.ids]))
    return embedded.detach()


def _log_odds(network: ReviewClassifier, label: int, embedded: Tensor) -> Tensor:
    mask = torch.ones(embedded.shape[:2])
    hidden = network.encoder(inputs_embeds=embedded, attention_mask=mask)[0]
    logits: Tensor = network.classify(hidden, mask)
    others = torch.arange(logits.shape[1]) != label
    return logits[:, label] - torch.logsumexp(logits[:, others], 1)


def _occluded_words(score: Score, case: Case) -> Scores:
    """Return how much the label's probability falls when each word is left out."""
    return _falls(score, case, [[word] for word in range(len(case.words))])


def _occluded_sentences(score: Score, case: Case) -> Scores:
    """Return how much it falls when each sentence is left out, shared by the sentence's words."""
    numbers = sorted(set(case.sentences))
    groups = [[i for i, each in enumerate(case.sentences) if each == n] for n in numbers]
    falls = dict(zip(numbers, _falls(score, case, groups), strict=True))
    return np.array([falls[n] / case.sentences.count(n) for n in case.sentences])


def _falls(score: Score, case: Case, groups: Sequence[Sequence[int]]) -> Scores:
    probabilities = score([case.ids, *(case.without(group) for group in groups)])[:, case.label]
    return np.asarray(probabilities[0] - probabilities[1:])


def _by_word(case: Case, tokens: NDArray[np.floating]) -> Scores:
    return np.array([tokens[list(word.tokens)].sum() for word in case.words], dtype=np.float64)
