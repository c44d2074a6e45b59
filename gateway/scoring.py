"""From a checked request to its answer: admitted, sent in pieces, each tried twice at most."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Final

from contract.cost import request_cost
from contract.request import Request
from gateway.admission import Admission, Place
from gateway.errors import GatewayError
from gateway.pieces import Piece, cut, join
from gateway.retries import RetryBudget
from gateway.torchserve import Answer
from gateway.tracing import NO_TRACE, Trace
from gateway.worker_watch import WorkerWatch

# Pieces of one list that may be on their way together: enough to fill what TorchServe gets.
LANES: Final = 4

Send = Callable[[bytes], Answer]


class Scoring:
    """Sends work to TorchServe when its turn has come."""

    def __init__(self, admission: Admission, watch: WorkerWatch, retry_seconds: float) -> None:
        self._admission = admission
        self._watch = watch
        self._retry_seconds = retry_seconds
        self._retries = RetryBudget()

    def score(
        self,
        send: Send,
        request: Request,
        body: bytes,
        caller: str,
        gone: Callable[[], bool],
        trace: Trace = NO_TRACE,
    ) -> Answer:
        """Return the answer to a request, its pieces sent by `send`; raises GatewayError."""
        self._watch.require_ready()
        with self._admission.place(request_cost(request.reviews), caller, gone) as place:
            pieces = cut(request, body, self._admission.pace.piece)
            answer = partial(self._answer, send, trace, place)
            if len(pieces) == 1:
                return answer(pieces[0])
            return join(_answer_all(answer, pieces))

    def score_whole(
        self,
        send: Send,
        piece: Piece,
        caller: str,
        gone: Callable[[], bool],
        trace: Trace = NO_TRACE,
    ) -> Answer:
        """Return the answer to a request that is not a list, of a known cost; GatewayError."""
        self._watch.require_ready()
        with self._admission.place(piece.cost, caller, gone) as place:
            return self._answer(send, trace, place, piece)

    def may_repeat(self, error: GatewayError, gone: Callable[[], bool]) -> bool:
        """Return whether a request is to be made once more, when a worker is READY again."""
        if not (error.repeatable and self._retries.take()):
            return False
        self._watch.await_ready(self._retry_seconds, gone)
        return True

    def _answer(self, send: Send, trace: Trace, place: Place, piece: Piece) -> Answer:
        try:
            return self._send(send, trace, place, piece)
        except GatewayError as error:
            if not self.may_repeat(error, place.gone):
                raise
        return self._send(send, trace, place, piece)

    def _send(self, send: Send, trace: Trace, place: Place, piece: Piece) -> Answer:
        try:
            with ExitStack() as turn:
                with trace.span("wait"):
                    turn.enter_context(self._admission.turn(place, piece.cost))
                with trace.span("torchserve"):
                    answer = send(piece.body)
        except GatewayError as error:
            if error.repeatable:
                self._watch.saw_failure()
            raise
        self._retries.saw_success()
        return answer


def _answer_all(answer: Callable[[Piece], Answer], pieces: list[Piece]) -> list[Answer]:
    with ThreadPoolExecutor(LANES) as lanes:
        pending = [lanes.submit(answer, piece) for piece in pieces]
        try:
            return [each.result() for each in pending]
        except GatewayError:
            _cancel(pending)
            raise


def _cancel(pending: list[Future[Answer]]) -> None:
    for each in pending:
        each.cancel()
