"""Turns single reviews away for which there is no room, before they cost a thread or a parser.

In a flood most requests are refused. The thread that reads them does that, so that the cores are
left to the reviews that were let in; everybody else meets the same rules on the usual way.
"""

from dataclasses import dataclass
from typing import Final

from waitress.parser import HTTPRequestParser

from contract.model import VERSION_HEADER
from contract.request_id import HEADER, fitting_id
from gateway.access import Access
from gateway.admission import Admission
from gateway.errors import GatewayError, error_body
from gateway.metrics import Metrics
from gateway.model import ServedModel
from gateway.request_id import new_request_id
from gateway.worker_watch import WorkerWatch

# Larger bodies take the usual way: of these it is told by a look whether they are lists.
SMALL_BYTES: Final = 8_192


@dataclass(frozen=True)
class Refusal:
    """What a request gets that is turned away."""

    status: int
    body: bytes
    headers: list[tuple[str, str]]


class Door:
    """Knows whether a single review would be refused, whatever its text is."""

    def __init__(
        self,
        access: Access,
        watch: WorkerWatch,
        admission: Admission,
        metrics: Metrics,
        model: ServedModel,
    ) -> None:
        self._access = access
        self._watch = watch
        self._admission = admission
        self._metrics = metrics
        self._model = model

    def refusal(self, request: HTTPRequestParser, address: str) -> Refusal | None:
        """Return the refusal of a complete request; None if it is to take the usual way."""
        if not _is_single_review(request):
            return None
        caller = self._access.caller(address, request.headers.get("AUTHORIZATION", ""))
        if caller is None:
            return None
        try:
            self._watch.require_ready()
            self._admission.require_room(caller)
        except GatewayError as error:
            self._metrics.count_request("predict", error.status, 0.0)
            self._metrics.count_failure(error.code)
            return Refusal(
                error.status, error_body(error.code, error.message), self._headers(request, error)
            )
        return None

    def _headers(self, request: HTTPRequestParser, error: GatewayError) -> list[tuple[str, str]]:
        known = fitting_id(request.headers.get("X_REQUEST_ID"))
        headers = {
            HEADER: known or new_request_id(),
            "Retry-After": error.retry_after,
            VERSION_HEADER: self._model.version,
        }
        return [(name, str(value)) for name, value in headers.items() if value]


def _is_single_review(request: HTTPRequestParser) -> bool:
    """Return whether it can only be a single review, or unfit; a browser's takes the usual way."""
    if request.command != "POST" or request.path != "/predict" or "ORIGIN" in request.headers:
        return False
    if request.body_rcv is None or len(request.body_rcv) > SMALL_BYTES:
        return False
    return b'"reviews"' not in request.body_rcv.getbuf().get(SMALL_BYTES)
