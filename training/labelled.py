"""Labelled reviews as a network sees them: what training draws from, and what it is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from handler.checkpoint import Settings
from handler.cleaning import PROFILES
from training.calibrate import fit_temperature
from training.classification import classifier_of
from training.corpus import encode_corpus
from training.data import Review
from training.inputs import Inputs
from training.validation import predict_logits, scores


@dataclass(frozen=True)
class Labelled:
    """Inputs with the label id of each text."""

    inputs: Inputs
    labels: NDArray[np.int64]

    def batch(self, indices: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return a batch of inputs with its `labels`."""
        return {**self.inputs.batch(indices), "labels": torch.from_numpy(self.labels[indices])}

    def judge(self, task: nn.Module) -> dict[str, float]:
        """Return log-loss and accuracy of the classifier inside a task."""
        return scores(predict_logits(classifier_of(task), self.inputs), self.labels)

    def temperature(self, network: nn.Module) -> float:
        """Return the temperature that minimises a classifier's log-loss on these reviews."""
        return fit_temperature(predict_logits(network, self.inputs), self.labels)


def labelled(
    reviews: Sequence[Review], settings: Settings, tokenizer: Tokenizer, cache: Path
) -> Labelled:
    """Encode reviews that all have one of the settings' labels."""
    clean = PROFILES[settings.cleaning]
    corpus = encode_corpus([review.text for review in reviews], clean, tokenizer, cache)
    ids = {label: index for index, label in enumerate(settings.labels)}
    return Labelled(Inputs(corpus, settings), np.array([ids[str(r.label)] for r in reviews]))
