"""The linear teacher: its score, and that the evidence per piece adds up to it."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from training.teachers.linear import (
    LinearModel,
    evidence,
    fit_linear,
    fit_out_of_fold,
    fit_vectorizer,
    two_sided,
    words_of,
)

GOOD = ["a fine cast", "a moving story", "not bad at all", "fine and moving", "a wise story"]
BAD = ["a dull plot", "a poor cast", "bad at best", "dull and poor", "not a good story"]
TEXTS = (GOOD + BAD) * 4
LABELS = np.array(([1] * 5 + [0] * 5) * 4)


def fitted(
    texts: Sequence[str] = TEXTS, labels: NDArray[np.int64] = LABELS
) -> tuple[LinearModel, NDArray[np.float64]]:
    vectorizer, features = fit_vectorizer(texts)
    model = fit_linear(features, labels, vectorizer.vocabulary_)
    return model, model.log_probabilities(features)


def word_ends(text: str) -> NDArray[np.uint16]:
    """Pieces that are the words themselves."""
    return np.array(
        [place for place in range(1, len(text) + 1) if text[place : place + 1] in (" ", "")],
        dtype=np.uint16,
    )


def test_words_are_lower_cased_and_marks_kept() -> None:
    assert words_of('Don\'t say "No"!') == ["don't", "say", '"', "no", '"', "!"]


def test_it_learns_what_single_words_cannot_tell() -> None:
    model, log_probabilities = fitted()
    assert np.array_equal(log_probabilities.argmax(1), LABELS)
    assert np.exp(log_probabilities).sum(1) == pytest.approx(np.ones(len(TEXTS)))
    assert model.weights.shape[1] == 1  # two labels need one column


def test_three_labels_have_a_column_each() -> None:
    labels = np.array([0, 1, 2, 1, 0, 2, 2, 1, 0, 1] * 4)
    model, log_probabilities = fitted(labels=labels)
    assert model.weights.shape[1] == 3
    assert np.array_equal(log_probabilities.argmax(1), labels)


@pytest.mark.parametrize("text", ["a fine story", "not bad", "a dull cast and a wise plot"])
def test_evidence_sums_to_the_score_times_its_norm(text: str) -> None:
    model, _ = fitted()
    per_piece, score = evidence(model, text, word_ends(text))
    found = {
        ngram: column for ngram, column in model.vocabulary.items() if f" {ngram} " in f" {text} "
    }
    columns = list(found.values())
    norm = np.linalg.norm(model.ratios[columns], axis=0)
    repeated = model.vocabulary["a"] if text.split().count("a") > 1 else None
    surplus = 0 if repeated is None else model.ratios[repeated] * model.weights[repeated]
    assert (per_piece.sum(0) - surplus) / norm + model.intercept == pytest.approx(score, rel=1e-4)


@pytest.mark.parametrize("labels", [LABELS, np.array([0, 1, 2, 1, 0, 2, 2, 1, 0, 1] * 4)])
def test_score_is_that_of_the_model(labels: NDArray[np.int64]) -> None:
    model, log_probabilities = fitted(labels=labels)
    for text, expected in zip(TEXTS[:10], log_probabilities[:10], strict=True):
        _, score = evidence(model, text, word_ends(text))
        logits = two_sided(score[None])[0]
        assert logits - np.logaddexp.reduce(logits) == pytest.approx(expected, abs=1e-4)


def test_evidence_stands_at_the_piece_where_the_ngram_ends() -> None:
    model, _ = fitted()
    text = "not bad at all"
    per_piece, _ = evidence(model, text, np.array([3, 5, 7, 10, 14], dtype=np.uint16))
    column = {name: model.ratios[i] * model.weights[i] for name, i in model.vocabulary.items()}
    assert per_piece[0] == pytest.approx(column["not"])
    assert per_piece[1] == pytest.approx(0)  # "ba" of "bad": nothing ends here
    assert per_piece[2] == pytest.approx(column["bad"] + column["not bad"])
    ending_in_all = ("all", "at all", "bad at all")
    assert per_piece[4] == pytest.approx(sum(column[name] for name in ending_in_all))


def test_text_without_a_known_word_has_no_evidence_and_the_score_of_the_intercept() -> None:
    model, _ = fitted()
    per_piece, score = evidence(model, "zzz yyy", np.array([3, 7], dtype=np.uint16))
    assert not per_piece.any()
    assert score == pytest.approx(model.intercept)


def test_out_of_fold_models_have_not_seen_what_they_score() -> None:
    # Every text has a word of its own whose label only a model that saw it can know.
    texts = [f"own{number} own{number} film" for number in range(40)] * 2
    labels = np.array([number % 2 for number in range(40)] * 2)
    vectorizer, features = fit_vectorizer(texts)
    twins = np.tile(np.arange(40), 2)
    models, fold = fit_out_of_fold(features, labels, vectorizer.vocabulary_, folds=4, seed=0)
    assert len(models) == 4
    assert np.bincount(fold).tolist() == [20] * 4
    checked = 0
    for number, model in enumerate(models):
        alone = [
            index
            for index in np.flatnonzero(fold == number)
            if (fold[twins == twins[index]] == number).all()
        ]
        for index in alone:
            assert model.weights[vectorizer.vocabulary_[f"own{twins[index]}"]] == pytest.approx(0)
            checked += 1
    assert checked > 0
    again = fit_out_of_fold(features, labels, vectorizer.vocabulary_, folds=4, seed=0)
    assert np.array_equal(again[1], fold)
