"""Start a classifier's head where a logistic regression on the frozen encoder ends."""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import nn

from handler.network import ReviewClassifier, pool
from training.data.batches import by_length
from training.data.inputs import Inputs

_TOKENS = 8_192


def fit_head(network: ReviewClassifier, inputs: Inputs, labels: NDArray[np.int64]) -> None:
    """Fit a head of one layer on the encoder's pooled texts; each label needs at least one text."""
    (last,) = (layer for layer in network.head if isinstance(layer, nn.Linear))
    pooled = pooled_texts(network.eval(), inputs)
    # Sentence encoders tell texts apart by direction; how long the vectors are goes into weights.
    scale = float(np.linalg.norm(pooled, axis=1).mean())
    fitted = LogisticRegression(max_iter=2000).fit(pooled / scale, labels)
    weights, bias = fitted.coef_ / scale, fitted.intercept_
    if len(weights) == 1:  # evidence for the second of two labels
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    with torch.no_grad():
        last.weight.copy_(torch.from_numpy(weights))
        last.bias.copy_(torch.from_numpy(bias))


def pooled_texts(network: ReviewClassifier, inputs: Inputs) -> NDArray[np.float32]:
    """Return what the head reads of each text, (texts, width)."""
    count = len(inputs.lengths)
    rows: dict[int, torch.Tensor] = {}
    with torch.no_grad():
        for indices in by_length(np.arange(count), inputs.lengths, _TOKENS):
            batch = inputs.batch(indices)
            mask = batch["attention_mask"]
            hidden = network.hidden_states(batch["input_ids"], mask)
            rows |= zip(indices.tolist(), pool(hidden, mask, network.pooling), strict=True)
    return torch.stack([rows[index] for index in range(count)]).numpy()
