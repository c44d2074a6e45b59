"""A finished checkpoint as a teacher."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax

from handler.checkpoint import load_tokenizer
from handler.cleaning import PROFILES
from handler.weights import load_network
from training.data.corpus import encode_corpus
from training.data.inputs import Inputs
from training.data.readers import Review
from training.evaluation.selection import predict_logits


def teach_checkpoint(
    directory: Path, reviews: Sequence[Review], cache: Path
) -> NDArray[np.float32]:
    """Return a finished checkpoint's probabilities (texts, labels) for all texts."""
    network, settings = load_network(directory)
    tokenizer = load_tokenizer(directory, settings)
    corpus = encode_corpus(
        [review.text for review in reviews], PROFILES[settings.cleaning], tokenizer, cache
    )
    with torch.autocast("cpu", torch.bfloat16):
        logits = predict_logits(network, Inputs(corpus, settings))
    probabilities: NDArray[np.float32] = softmax(logits / settings.temperature, axis=1)
    return probabilities
