"""The predictor: a plain object that turns reviews into predictions and knows no server."""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.answer import Prediction
from contract.checks import check_review
from contract.errors import ReviewError
from handler.checkpoint import Settings, load_tokenizer, read_settings
from handler.checksums import check_checksums
from handler.encoding import Encoded, Encoder
from handler.engines import AUTO, Engine, Source, load_engine, warm_up
from handler.engines.hardware import available_cores, best_device

Answer = Prediction | ReviewError

# Reviews that are encoded at once: far more than a request holds, few enough to overlap the rest.
CHUNK: Final = 1024


@dataclass(frozen=True)
class Timing:
    """Seconds that the last call spent on tokenization and on inference."""

    tokenize: float = 0.0
    inference: float = 0.0

    def plus(self, tokenize: float, inference: float) -> "Timing":
        """Return the sums with further seconds."""
        return Timing(self.tokenize + tokenize, self.inference + inference)


@dataclass(frozen=True)
class _Group:
    """Reviews ready for the engine, those left out as errors by place, and seconds taken."""

    reviews: int
    errors: dict[int, ReviewError]
    encoded: list[Encoded]
    seconds: float


class Predictor:
    """Checks, encodes and scores reviews with one engine; applies the checkpoint's temperature."""

    def __init__(self, encoder: Encoder, engine: Engine, settings: Settings) -> None:
        self._encoder = encoder
        self._engine = engine
        self._temperature = settings.temperature
        self._threshold = settings.certain_threshold
        self.labels = settings.labels
        self.last_timing = Timing()

    @classmethod
    def load(
        cls,
        directory: Path | str,
        engine: str = AUTO,
        threads: int | None = None,
        device: str | None = None,
    ) -> "Predictor":
        """Load a checkpoint or archive; threads default to the cores, the device to a GPU if any.

        Raises CheckpointError or EngineError with one line that says what to do.
        """
        check_checksums(Path(directory))
        settings = read_settings(directory)
        encoder = Encoder(load_tokenizer(directory, settings), settings)
        source = Source(
            Path(directory), settings, threads or available_cores(), device or best_device()
        )
        return cls(encoder, load_engine(source, engine), settings)

    @property
    def engine_name(self) -> str:
        """Name of the engine that scores, as it appears in timings and metrics."""
        return self._engine.name

    def warm_up(self) -> None:
        """Run every part once, the engine in all its shapes: no request has to wait for it."""
        self.predict(["Fine."])
        warm_up(self._engine)

    def predict(self, reviews: Sequence[object]) -> list[Answer]:
        """Score reviews in request order; one that cannot be scored gives an error in its place."""
        if len(reviews) <= CHUNK:  # a request: no other thread could help it
            self.last_timing = Timing()
            return self._score(self._encode(reviews))
        groups = [reviews[start : start + CHUNK] for start in range(0, len(reviews), CHUNK)]
        return [answer for answers in self.predict_stream(groups) for answer in answers]

    def predict_stream(self, groups: Iterable[Sequence[object]]) -> Iterator[list[Answer]]:
        """Score group after group, each as `predict` does; each is one load for the engine.

        The next group is drawn and encoded in another thread while one is scored.
        """
        self.last_timing = Timing()
        yield from map(self._score, _one_ahead(map(self._encode, groups)))

    def _encode(self, reviews: Sequence[object]) -> _Group:
        start = time.perf_counter()
        errors: dict[int, ReviewError] = {}
        texts: list[str] = []
        for place, review in enumerate(reviews):
            try:
                texts.append(check_review(review))
            except ReviewError as error:
                errors[place] = error
        # In pieces: until it is cut down to ids, what the tokenizer returns is large.
        pieces = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
        encoded = [review for piece in pieces for review in self._encoder.encode(piece)]
        return _Group(len(reviews), errors, encoded, time.perf_counter() - start)

    def _score(self, group: _Group) -> list[Answer]:
        scored: Iterator[Prediction] = iter(())
        inference = 0.0
        if group.encoded:
            start = time.perf_counter()
            logits = self._engine.logits([review.ids for review in group.encoded])
            inference = time.perf_counter() - start
            probabilities = softmax(logits / self._temperature)
            scored = map(self._prediction, group.encoded, probabilities)
        self.last_timing = self.last_timing.plus(group.seconds, inference)
        errors = group.errors
        return [errors.get(place) or next(scored) for place in range(group.reviews)]

    def _prediction(self, encoded: Encoded, probabilities: NDArray[np.float64]) -> Prediction:
        return verdict(
            self.labels, probabilities, self._threshold, encoded.tokens, encoded.truncated
        )


def _one_ahead(groups: Iterator[_Group]) -> Iterator[_Group]:
    """Yield groups while a thread makes the next one."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="encode") as thread:
        pending = thread.submit(next, groups, None)
        while (group := pending.result()) is not None:
            pending = thread.submit(next, groups, None)
            yield group


def verdict(
    labels: Sequence[str],
    probabilities: NDArray[np.float64],
    threshold: float,
    tokens: int,
    truncated: bool,
) -> Prediction:
    """Return the prediction of the most probable of the labels; `probabilities` is (labels,).

    It is certain if its confidence reaches the threshold.
    """
    best = int(probabilities.argmax())
    confidence = float(probabilities[best])
    named = dict(zip(labels, probabilities.tolist(), strict=True))
    return Prediction(labels[best], confidence, named, confidence >= threshold, tokens, truncated)


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the probabilities of each row of logits, (reviews, labels)."""
    exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
