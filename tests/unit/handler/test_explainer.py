"""An explanation is about the text as sent: its words, its sentences and what was read of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from contract.answer import Prediction
from contract.explanation import Explanation
from handler.engines import EngineError
from handler.explainer import Explainer
from handler.mixed import is_mixed
from handler.predictor import Predictor

REVIEW = "Fine &amp; short.<br />Then again not so fine! 😀"


def explain(directory: Path, review: str = REVIEW) -> Explanation:
    predictor = Predictor.load(directory, engine="torch-fp32")
    (prediction,) = predictor.predict([review])
    assert isinstance(prediction, Prediction)
    return Explainer.load(directory, predictor).explain(review, prediction)


def test_words_cover_the_text_as_sent_and_their_shares_add_up_to_one(
    tiny_checkpoint: Path,
) -> None:
    words = explain(tiny_checkpoint).words
    assert [REVIEW[word.start : word.end] for word in words] == [
        "Fine", "&amp;", "short", ".", "Then", "again", "not", "so", "fine", "!", "😀",
    ]  # fmt: skip
    assert sum(abs(word.contribution) for word in words) == pytest.approx(1)


def test_a_sentence_is_judged_alone_and_adds_up_its_words(tiny_checkpoint: Path) -> None:
    found = explain(tiny_checkpoint)
    texts = [REVIEW[sentence.start : sentence.end] for sentence in found.sentences]
    assert texts == ["Fine &amp; short.", "Then again not so fine!", "😀"]
    alone = Predictor.load(tiny_checkpoint, engine="torch-fp32").predict([texts[1]])[0]
    assert isinstance(alone, Prediction)
    second = found.sentences[1]
    assert second.label == alone.label
    assert second.confidence == pytest.approx(alone.confidence)
    inside = [w.contribution for w in found.words if second.start <= w.start < second.end]
    assert second.contribution == pytest.approx(sum(inside))


def test_the_fp32_network_says_what_it_thinks_itself(tiny_checkpoint: Path) -> None:
    found = explain(tiny_checkpoint)
    assert found.explained.network == "fp32"
    assert found.explained.label == found.prediction.label
    assert found.explained.confidence == pytest.approx(found.prediction.confidence, abs=1e-5)


def test_only_what_was_read_is_explained(tiny_checkpoint: Path) -> None:
    review = "Good. " * 40
    found = explain(tiny_checkpoint, review)
    assert found.prediction.truncated
    (first, second) = found.read
    assert (first[0], second[1]) == (0, len(review))
    inside = [any(s <= w.start < e for s, e in found.read) for w in found.words]
    assert all(inside)
    assert first[1] < second[0]
    assert not any(first[1] < s.start and s.end < second[0] for s in found.sentences)


def test_a_review_of_the_greatest_length_is_explained(tiny_checkpoint: Path) -> None:
    found = explain(tiny_checkpoint, "ab. " * 12_500)
    assert found.words[-1].end == 49_999


@pytest.mark.parametrize("review", ["😀", "<br />", "...", "\u0301", "&nbsp;"])
def test_a_review_without_words_is_explained_too(review: str, tiny_checkpoint: Path) -> None:
    found = explain(tiny_checkpoint, review)
    assert found.read == ((0, len(review)),)
    assert np.isfinite([word.contribution for word in found.words]).all()


def test_the_answer_has_the_contracts_fields(tiny_checkpoint: Path) -> None:
    answer = explain(tiny_checkpoint).as_json()
    assert {"label", "confidence", "probabilities", "tokens", "truncated"} < answer.keys()
    assert {"words", "sentences", "mixed", "read", "method", "explained"} < answer.keys()


@pytest.mark.parametrize(
    "changes",
    [
        {"cleaning": "tutorial"},
        {"architecture": "bilstm", "encoder": {"embedding_size": 8, "hidden_size": 8}},
    ],
)
def test_a_checkpoint_without_a_method_says_so(
    changes: dict[str, object], make_checkpoint: Callable[..., Path]
) -> None:
    directory = make_checkpoint(**changes)
    predictor = Predictor.load(directory, engine="torch-fp32")
    with pytest.raises(EngineError, match="explanations: expected a roberta checkpoint"):
        Explainer.load(directory, predictor)


@dataclass(frozen=True)
class Judged:
    """A sentence of ten characters per unit."""

    label: str
    confidence: float
    end: int = 10
    start: int = 0


MIXED = {
    "two that contradict each other": ([Judged("good", 0.9), Judged("bad", 0.9)], True),
    "one side not sure": ([Judged("good", 0.9), Judged("bad", 0.7)], False),
    "one aside in a long review": ([Judged("good", 0.9, 90), Judged("bad", 0.9, 10)], False),
    "one aside among short ones": (
        [Judged("bad", 0.9), Judged("bad", 0.9), Judged("bad", 0.9), Judged("good", 0.9, 30)],
        False,
    ),
    "all agree": ([Judged("good", 0.9), Judged("good", 0.99)], False),
    "nothing to judge": ([], False),
}


@pytest.mark.parametrize(("sentences", "mixed"), MIXED.values(), ids=MIXED)
def test_mixed_is_a_confident_contradiction(sentences: list[Judged], mixed: bool) -> None:
    assert is_mixed(sentences) is mixed
