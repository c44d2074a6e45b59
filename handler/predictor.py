"""The predictor: a plain object that turns reviews into predictions and knows no server."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from handler.checkpoint import Settings, load_tokenizer, read_settings
from handler.encoding import Encoded, Encoder
from handler.engines import AUTO, Engine, Logits, Source, load_engine, warm_up
from handler.engines.hardware import available_cores, best_device
from handler.errors import ReviewError
from handler.limits import check_review

# Reviews that are encoded at once: far more than a request holds, few enough to overlap the rest.
CHUNK: Final = 1024


@dataclass(frozen=True)
class Prediction:
    """The verdict on one review; `probabilities` keeps the checkpoint's label order."""

    label: str
    confidence: float
    probabilities: dict[str, float]
    tokens: int
    truncated: bool

    @classmethod
    def of(
        cls,
        labels: tuple[str, ...],
        probabilities: NDArray[np.float64],
        tokens: int,
        truncated: bool,
    ) -> "Prediction":
        """Return the verdict for the most probable of the labels; `probabilities` is (labels,)."""
        best = int(probabilities.argmax())
        named = dict(zip(labels, probabilities.tolist(), strict=True))
        return cls(labels[best], float(probabilities[best]), named, tokens, truncated)

    def as_json(self) -> dict[str, object]:
        """Return the prediction in the contract's words."""
        return dict(vars(self))


@dataclass(frozen=True)
class Timing:
    """Seconds that the last call spent on tokenization and on inference."""

    tokenize: float = 0.0
    inference: float = 0.0


class Predictor:
    """Checks, encodes and scores reviews with one engine; applies the checkpoint's temperature."""

    def __init__(self, encoder: Encoder, engine: Engine, settings: Settings) -> None:
        self._encoder = encoder
        self._engine = engine
        self._temperature = settings.temperature
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

    def predict(self, reviews: Sequence[object]) -> list[Prediction | ReviewError]:
        """Score reviews in request order; one that cannot be scored gives an error in its place."""
        answers: list[Prediction | ReviewError | None] = []
        texts: list[str] = []
        for review in reviews:
            try:
                texts.append(check_review(review))
                answers.append(None)
            except ReviewError as error:
                answers.append(error)
        scored = iter(self._score(texts))
        return [next(scored) if answer is None else answer for answer in answers]

    def _score(self, texts: list[str]) -> list[Prediction]:
        encoded: list[Encoded] = []
        logits: list[Logits] = []
        tokenize = inference = 0.0
        for chunk, seconds in self._encode_ahead(texts):
            start = time.perf_counter()
            logits.append(self._engine.logits([review.ids for review in chunk]))
            inference += time.perf_counter() - start
            tokenize += seconds
            encoded += chunk
        self.last_timing = Timing(tokenize, inference)
        if not encoded:
            return []
        probabilities = softmax(np.concatenate(logits) / self._temperature)
        return [self._prediction(*pair) for pair in zip(encoded, probabilities, strict=True)]

    def _encode_ahead(self, texts: list[str]) -> Iterator[tuple[list[Encoded], float]]:
        """Yield encoded chunks and their seconds; the next chunk is encoded while one is scored."""
        chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
        if len(chunks) <= 1:
            yield from map(self._encode, chunks)
            return
        with ThreadPoolExecutor(max_workers=1) as ahead:
            pending = ahead.submit(self._encode, chunks[0])
            for chunk in chunks[1:]:
                done, pending = pending, ahead.submit(self._encode, chunk)
                yield done.result()
            yield pending.result()

    def _encode(self, texts: list[str]) -> tuple[list[Encoded], float]:
        start = time.perf_counter()
        return self._encoder.encode(texts), time.perf_counter() - start

    def _prediction(self, encoded: Encoded, probabilities: NDArray[np.float64]) -> Prediction:
        return Prediction.of(self.labels, probabilities, encoded.tokens, encoded.truncated)


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the probabilities of each row of logits, (reviews, labels)."""
    exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
