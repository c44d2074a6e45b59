"""Labelled reviews as a network sees them, to train on or to evaluate on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from handler.checkpoint import Settings
from handler.cleaning import PROFILES
from training.data.corpus import encode_corpus
from training.data.inputs import Inputs
from training.data.readers import Review
from training.evaluation.selection import predict_logits, scores
from training.evaluation.temperature import certain_threshold, fit_temperature
from training.objectives.classification import classifier_of


@dataclass(frozen=True)
class Labelled:
    """Inputs with the target of each text, (texts, labels): a distribution over the labels."""

    inputs: Inputs
    targets: NDArray[np.float32]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Id of each text's most probable label."""
        return np.asarray(self.targets.argmax(1))

    def batch(self, indices: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return a batch of inputs with its `targets`."""
        return {**self.inputs.batch(indices), "targets": torch.from_numpy(self.targets[indices])}

    def evaluate(self, task: nn.Module) -> dict[str, float]:
        """Return log-loss and accuracy of the classifier inside a task."""
        return scores(predict_logits(classifier_of(task), self.inputs), self.labels)

    def calibrated(self, network: nn.Module, settings: Settings, coverage: float) -> Settings:
        """Return settings that make a classifier's confidence mean accuracy on these reviews.

        The temperature minimises the log-loss; `certain_threshold` is the confidence that a share
        of `coverage` of the reviews reaches.
        """
        logits = predict_logits(network, self.inputs)
        temperature = fit_temperature(logits, self.labels)
        threshold = certain_threshold(logits / temperature, coverage)
        return replace(settings, temperature=temperature, certain_threshold=threshold)


def labelled(
    reviews: Sequence[Review], settings: Settings, tokenizer: Tokenizer, cache: Path
) -> Labelled:
    """Encode reviews that all have one of the settings' labels."""
    texts = [review.text for review in reviews]
    return encode_targets(texts, one_hot(reviews, settings.labels), settings, tokenizer, cache)


def encode_targets(
    texts: Sequence[str],
    targets: NDArray[np.float32],
    settings: Settings,
    tokenizer: Tokenizer,
    cache: Path,
) -> Labelled:
    """Encode texts whose targets (texts, labels) are known."""
    corpus = encode_corpus(texts, PROFILES[settings.cleaning], tokenizer, cache)
    return Labelled(Inputs(corpus, settings), targets)


def one_hot(reviews: Sequence[Review], labels: Sequence[str]) -> NDArray[np.float32]:
    """Return (reviews, labels) with a 1 at each review's label."""
    ids = {label: index for index, label in enumerate(labels)}
    return np.eye(len(labels), dtype=np.float32)[[ids[str(review.label)] for review in reviews]]
