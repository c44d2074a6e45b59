"""POST /explain: a prediction and why, for one review.

An explanation takes ten times as long as a verdict. The worker begins it, and goes on scoring; the
gateway comes back for it.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from flask import Blueprint, Response, g, request

from contract.cost import request_cost
from contract.explanation import NAME
from gateway.admission import Admission
from gateway.admission import client_gone as client_has_gone
from gateway.body import read_body
from gateway.client import caller, client_gone
from gateway.errors import GatewayError
from gateway.metrics import Metrics
from gateway.pieces import Piece
from gateway.routes import passed_on
from gateway.scoring import Scoring
from gateway.torchserve import Answer, TorchServe
from gateway.tracing import Trace, trace_of_request
from gateway.validation import check_content_type, read_request

# What holds up other reviews: the verdict, and later one pass over the sentences.
COST: Final = 2
# Explanations under way at once: one is computed while the other begins or is fetched.
AT_ONCE: Final = 2
# The pause before it is asked for again: a part of the time that has passed, within bounds.
PART: Final = 1 / 8
SHORTEST_PAUSE: Final = 0.005
LONGEST_PAUSE: Final = 0.1


@dataclass(frozen=True)
class Explaining:
    """Explains one review at a time for each of a few callers, in an order of its own."""

    torchserve: TorchServe
    scoring: Scoring
    admission: Admission
    longest: float

    def explain(
        self, body: bytes, cost: int, caller: str, gone: Callable[[], bool], trace: Trace
    ) -> Answer:
        """Return the explanation of a review, or an error that the worker explains; GatewayError.

        If its worker dies with it, it is begun once more.
        """
        with self.admission.place(cost, caller, gone) as place, self.admission.turn(place, cost):
            piece = Piece(body, COST * cost)
            try:
                return self._explain(piece, caller, gone, trace)
            except GatewayError as error:
                if not self.scoring.may_repeat(error, gone):
                    raise
            return self._explain(piece, caller, gone, trace)

    def _explain(self, piece: Piece, caller: str, gone: Callable[[], bool], trace: Trace) -> Answer:
        begin = partial(self.torchserve.explain, request_id=g.request_id)
        answer = self.scoring.score_whole(begin, piece, caller, gone, trace)
        since = time.monotonic()
        while answer.status == 202:
            elapsed = time.monotonic() - since
            if elapsed > self.longest:
                raise _too_slow()
            time.sleep(max(SHORTEST_PAUSE, min(LONGEST_PAUSE, elapsed * PART)))
            if gone():
                raise client_has_gone()
            answer = self.torchserve.explain(b"{}", g.request_id, _name(answer))
        return answer


def _name(answer: Answer) -> str:
    return str(json.loads(answer.body)[NAME])


def _too_slow() -> GatewayError:
    return GatewayError(
        504,
        "upstream_timeout",
        "Expected an explanation within the time limit, found none; send a shorter review, or try "
        "again.",
    )


def create_explaining(explaining: Explaining, metrics: Metrics) -> Blueprint:
    """Return the route that explains."""
    routes = Blueprint("explaining", __name__)

    @routes.post("/explain")
    def explain() -> Response:
        check_content_type(request.content_type)
        body = read_body(request.stream, request.content_length)
        content = read_request(body, one=True)
        metrics.count_reviews(1)
        cost = request_cost(content.reviews)
        sent = time.perf_counter()
        try:
            answer = explaining.explain(body, cost, caller(), client_gone(), trace_of_request())
        except GatewayError as error:
            metrics.count_failure(error.code)
            raise
        return passed_on(answer, sent - g.started)

    return routes
