"""A head that starts where a logistic regression on the frozen encoder ends."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from handler.cleaning import PROFILES
from handler.network import ReviewClassifier
from tests.unit.conftest import make_settings, make_tokenizer
from training.data.corpus import encode_corpus
from training.data.inputs import Inputs
from training.evaluation.selection import predict_logits
from training.models.logistic_head import fit_head, pooled_texts


@pytest.mark.parametrize("labels", [("bad", "good"), ("bad", "fair", "good")])
def test_the_head_answers_what_the_regression_answers(
    labels: tuple[str, ...], tmp_path: Path
) -> None:
    settings = make_settings(labels=labels, pooling="mean", head_sizes=())
    torch.manual_seed(0)
    network = ReviewClassifier(settings)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    texts = [f"{'abcdefg'[number % 7]}{number} text" for number in range(30)]
    truth = np.arange(30) % len(labels)
    corpus = encode_corpus(texts, PROFILES["plain"], make_tokenizer(), tmp_path)
    inputs = Inputs(corpus, settings)
    fit_head(network, inputs, truth)
    pooled = pooled_texts(network, inputs)
    scaled = pooled / np.linalg.norm(pooled, axis=1).mean()
    expected = LogisticRegression(max_iter=2000).fit(scaled, truth).predict_log_proba(scaled)
    logits = predict_logits(network, inputs)
    found = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    assert found == pytest.approx(expected, abs=1e-3)
