"""Whether a review sent now would be scored: a ready worker, and an answer to prove it."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.errors import GatewayError
from gateway.torchserve import TorchServe

_CANARY = b'{"review": "A quiet film that earns every minute of its length."}'

_BAD_NEWS_SECONDS = 0.2  # a service that has just become ready should not be kept waiting


@dataclass(frozen=True)
class Finding:
    """What a readiness check found: nothing amiss, or why the service is not ready."""

    error: GatewayError | None
    found_at: float


class Readiness:
    """Checks at most once per `cache_seconds`, so that probes cost the model next to nothing."""

    def __init__(
        self,
        torchserve: TorchServe,
        cache_seconds: float,
        retry_after: int,
        clock: Callable[[], float] = time.monotonic,
        found_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._torchserve = torchserve
        self._cache_seconds = cache_seconds
        self._retry_after = retry_after
        self._clock = clock
        self._found_ready = found_ready
        self._finding: Finding | None = None
        self._answered_at = float("-inf")
        self._lock = threading.Lock()

    def saw_answer(self) -> None:
        """Take note that TorchServe has just scored somebody's review: as good as a canary."""
        self._answered_at = self._clock()

    def check(self) -> None:
        """Return if the service is ready; raises GatewayError (503) if it is not."""
        with self._lock:
            if self._finding is None or self._is_stale(self._finding):
                self._finding = Finding(self._examine(), self._clock())
            finding = self._finding
        if finding.error is not None:
            raise finding.error

    def _examine(self) -> GatewayError | None:
        try:
            state = self._torchserve.model_state()
            if not state.is_ready:
                return self._not_ready("no worker is READY.")
            # Under load a canary would wait in the queue behind the reviews that prove the same.
            if not self._is_fresh(self._answered_at):
                self._send_canary()
        except GatewayError as error:
            return self._not_ready(f"{error.code}. {error.message}")
        self._found_ready()
        return None

    def _send_canary(self) -> None:
        answer = self._torchserve.predict(_CANARY)
        if answer.status != 200 or not _is_prediction(answer.body):
            raise GatewayError(502, "upstream_failed", "Its answer to a test review is unfit.")

    def _is_stale(self, finding: Finding) -> bool:
        if finding.error is not None and self._clock() - finding.found_at >= _BAD_NEWS_SECONDS:
            return True
        return not self._is_fresh(finding.found_at)

    def _is_fresh(self, moment: float) -> bool:
        return self._clock() - moment < self._cache_seconds

    def _not_ready(self, found: str) -> GatewayError:
        message = f"Expected a worker that scores reviews, found none: {found}"
        return GatewayError(503, "not_ready", message, self._retry_after)


def _is_prediction(body: bytes) -> bool:
    try:
        prediction = json.loads(body)
    except ValueError:
        return False
    return isinstance(prediction, dict) and "label" in prediction
