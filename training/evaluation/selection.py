"""Score a network on a labelled part: the numbers by which every stage selects."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.data.batches import by_length
from training.data.inputs import Inputs
from training.evaluation.temperature import fit_temperature, log_loss_at

_TOKENS = 16_384


def predict_logits(
    network: nn.Module, inputs: Inputs, tokens: int = _TOKENS
) -> NDArray[np.float32]:
    """Return (texts, labels) logits of a network in evaluation mode, order kept."""
    device = next(network.parameters()).device
    logits = np.zeros((len(inputs.corpus), len(inputs.settings.labels)), dtype=np.float32)
    with torch.no_grad():
        for indices in by_length(np.arange(len(inputs.corpus)), inputs.lengths, tokens):
            batch = {name: tensor.to(device) for name, tensor in inputs.batch(indices).items()}
            logits[indices] = network(**batch).float().cpu().numpy()
    return logits


def scores(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Return accuracy, and log-loss (nats) at the temperature that suits these labels best.

    A checkpoint gets such a temperature in the end: a network that is right more often must not be
    passed over for being too sure of it.
    """
    return {
        "validation_loss": log_loss_at(logits, labels, fit_temperature(logits, labels)),
        "validation_accuracy": float((logits.argmax(1) == labels).mean()),
    }
