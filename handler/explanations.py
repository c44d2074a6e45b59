"""Explanations on demand: begun and fetched later, or waited for; a failure stays with its review.

The fp32 network, 90 MB, runs in a process of its own (handler.relevance_process), begun with the
first question.
"""

import logging
import os
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contract.answer import Answer, Prediction
from contract.errors import ReviewError
from contract.explanation import Begun
from handler.engines import EngineError
from handler.errors import CheckpointError
from handler.explainer import Explainer, Question
from handler.predictor import Predictor, Timing
from handler.relevance import Relevance
from handler.relevance_process import RelevanceProcess

logger = logging.getLogger(__name__)

# Explanations that may be under way; who does not fetch his loses it to a later one.
MOST_PENDING: Final = 64


@dataclass(frozen=True)
class Pending:
    """An explanation under way, and what its verdict took."""

    question: Question
    found: "Future[Relevance]"
    timing: Timing
    since: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True)
class Fetched:
    """What has become of an explanation, what its verdict took, and the seconds since then."""

    answer: Answer | ReviewError
    timing: Timing
    seconds: float


class Explanations:
    """Explains a predictor's answers; what cannot be explained becomes an error in its place."""

    def __init__(self, directory: Path | str, predictor: Predictor) -> None:
        self._directory = directory
        self._predictor = predictor
        self._process = RelevanceProcess(directory)
        self._explainer: Explainer | EngineError | None = None
        self._thread = ThreadPoolExecutor(1, "explanations")
        self._pending: OrderedDict[str, Pending] = OrderedDict()

    def explain(self, review: object, answer: Answer | ReviewError) -> Answer | ReviewError:
        """Return the explanation of a prediction; an error stays what it is."""
        return self._try(answer, lambda made, verdict: made.explain(str(review), verdict))

    def begin(
        self, review: object, answer: Answer | ReviewError, timing: Timing
    ) -> Answer | ReviewError:
        """Begin to explain a prediction; returns the name by which the explanation is fetched."""

        def act(explainer: Explainer, verdict: Prediction) -> Answer:
            question = explainer.question(str(review), verdict)
            found = self._thread.submit(explainer.relevance, question)
            name = f"{os.getpid()}-{uuid.uuid4().hex}"
            self._pending[name] = Pending(question, found, timing)
            while len(self._pending) > MOST_PENDING:
                self._pending.popitem(last=False)
            return Begun(name)

        return self._try(answer, act)

    def fetch(self, name: str) -> Fetched:
        """Return an explanation, once; if it is not done yet, its name again."""
        pending = self._pending.get(name)
        if pending is None:
            return Fetched(Begun(name) if _is_anothers(name) else _unknown(), Timing(), 0.0)
        if not pending.found.done():
            return Fetched(Begun(name), pending.timing, 0.0)
        del self._pending[name]
        question = pending.question
        answer = self._try(
            question.prediction, lambda made, _: made.answer(question, pending.found.result())
        )
        return Fetched(answer, pending.timing, time.perf_counter() - pending.since)

    def close(self) -> None:
        """End the process that explains."""
        self._thread.shutdown()
        self._process.close()

    def _try(
        self, answer: Answer | ReviewError, act: Callable[[Explainer, Prediction], Answer]
    ) -> Answer | ReviewError:
        if not isinstance(answer, Prediction):
            return answer
        explainer = self._loaded()
        if isinstance(explainer, EngineError):
            return ReviewError(
                "cannot_explain", f"Expected an explanation, found a model without: {explainer}"
            )
        try:
            return act(explainer, answer)
        except Exception as error:
            # The message may quote the review, so only the kind of error is logged.
            logger.error("An explanation has failed: %s", type(error).__name__)
            return ReviewError(
                "explanation_failed",
                "Expected an explanation, found a fault in the worker; ask for a prediction.",
            )

    def _loaded(self) -> "Explainer | EngineError":
        if self._explainer is None:
            self._explainer = self._load()
        return self._explainer

    def _load(self) -> "Explainer | EngineError":
        try:
            return Explainer.load(self._directory, self._predictor, self._process.relevance)
        except (EngineError, CheckpointError) as error:
            logger.warning("%s", error)
            return EngineError(str(error))


def _is_anothers(name: str) -> bool:
    """Return whether another worker that lives has given this name: it may be met next time."""
    number = name.partition("-")[0]
    if not number.isdecimal() or int(number) == os.getpid():
        return False
    with suppress(OSError, OverflowError):
        os.kill(int(number), 0)
        return True
    return False


def _unknown() -> ReviewError:
    return ReviewError(
        "unknown_explanation",
        "Expected the name of an explanation under way, found another; ask again.",
    )
