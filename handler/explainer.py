"""The explainer: a plain object that says why a review got its verdict, and knows no server.

The verdict is the serving engine's; what is explained is the fp32 network that every engine stands
for. `benchmarks.explanations` compares the method with others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.answer import Prediction
from contract.explanation import Explained, Explanation, Sentence, WordShare
from handler.activations import ACTIVATIONS
from handler.checkpoint import WEIGHTS_FILE, Settings, load_tokenizer, read_settings
from handler.cleaning import STEPS
from handler.encoding import Encoder, Located
from handler.engines import EngineError
from handler.mixed import is_mixed
from handler.offsets import Span
from handler.predictor import Predictor, softmax
from handler.relevance import Network, Relevance, relevance
from handler.sentences import split_sentences
from handler.tensors import load_arrays
from handler.words import Word, find_words

METHOD: Final = "gradient-x-input-attention-and-norms-constant"


# From token ids and the place of a label to what each token says for it.
Relevances = Callable[[Sequence[int], int], Relevance]


@dataclass(frozen=True)
class Question:
    """A verdict to explain: its review, cut into what the network reads."""

    review: str
    prediction: Prediction
    located: Located
    label: int


class Explainer:
    """Explains a predictor's verdicts by the same checkpoint's fp32 network."""

    def __init__(
        self,
        relevances: Relevances,
        encoder: Encoder,
        settings: Settings,
        predictor: Predictor,
    ) -> None:
        self._relevances = relevances
        self._encoder = encoder
        self._settings = settings
        self._predictor = predictor

    @classmethod
    def load(
        cls, directory: Path | str, predictor: Predictor, relevances: Relevances | None = None
    ) -> "Explainer":
        """Load what explains beside the predictor, the network too unless it is somewhere else.

        Raises EngineError if there is no method for this checkpoint.
        """
        settings = read_settings(directory)
        _require_method(settings)
        if relevances is None:
            weights = load_arrays(Path(directory) / WEIGHTS_FILE, settings)
            relevances = partial(relevance, Network.of(weights, settings))
        encoder = Encoder(load_tokenizer(directory, settings), settings)
        return cls(relevances, encoder, settings, predictor)

    def explain(self, review: str, prediction: Prediction) -> Explanation:
        """Explain the verdict on a review that the predictor has just scored."""
        question = self.question(review, prediction)
        return self.answer(question, self.relevance(question))

    def question(self, review: str, prediction: Prediction) -> Question:
        """Return what there is to explain about a verdict."""
        label = self._settings.labels.index(prediction.label)
        return Question(review, prediction, self._encoder.locate(review), label)

    def relevance(self, question: Question) -> Relevance:
        """Ask the network; this is what takes long, and needs nothing else of the explainer."""
        return self._relevances(question.located.ids, question.label)

    def answer(self, question: Question, found: Relevance) -> Explanation:
        """Put together words and sentences; the sentences are scored for it."""
        labels, located = self._settings.labels, question.located
        words = find_words(located)
        shares = _shares(found.tokens, words)
        sentences = self._sentences(question.review, located.read, words, shares)
        own = softmax(found.logits[None] / self._settings.temperature)[0]
        return Explanation(
            question.prediction,
            tuple(
                WordShare(word.start, word.end, share)
                for word, share in zip(words, shares.tolist(), strict=True)
            ),
            sentences,
            is_mixed(sentences),
            tuple(located.read),
            METHOD,
            Explained("fp32", labels[int(own.argmax())], float(own.max())),
        )

    def _sentences(
        self, review: str, read: Sequence[Span], words: list[Word], shares: NDArray[np.float64]
    ) -> tuple[Sentence, ...]:
        """Score each sentence of which something was read, as if it were the whole review."""
        spans = [span for span in split_sentences(review) if _overlaps(span, read)]
        verdicts = self._predictor.predict([review[start:end] for start, end in spans])
        starts = np.array([word.start for word in words])
        return tuple(
            Sentence(
                start,
                end,
                verdict.label,
                verdict.confidence,
                float(shares[(starts >= start) & (starts < end)].sum()),
            )
            for (start, end), verdict in zip(spans, verdicts, strict=True)
            if isinstance(verdict, Prediction)
        )


def _require_method(settings: Settings) -> None:
    activation = settings.encoder.get("hidden_act", "gelu")
    if settings.architecture != "roberta" or settings.cleaning not in STEPS:
        raise EngineError(
            "explanations: expected a roberta checkpoint with a cleaning profile out of "
            f"{', '.join(STEPS)}, found {settings.architecture} and {settings.cleaning}."
        )
    if activation not in ACTIVATIONS:
        raise EngineError(
            f"explanations: expected a network that uses {' or '.join(ACTIVATIONS)}, found "
            f"{activation}."
        )


def _shares(relevance: NDArray[np.float32], words: Sequence[Word]) -> NDArray[np.float64]:
    """Add up each word's tokens; the absolute values of all words add up to 1."""
    sums = np.array([relevance[list(word.tokens)].sum() for word in words], dtype=np.float64)
    total = np.abs(sums).sum()
    return sums / total if total else sums


def _overlaps(span: Span, read: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in read)
