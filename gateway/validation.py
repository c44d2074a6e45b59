"""What a request must look like before it is worth TorchServe's time.

The handler checks again, for those who talk to TorchServe directly. Items of a `reviews` list are
left to it, because one unfit item gets an error in its place while the others are scored.
"""

import threading
from contextlib import nullcontext

from contract.checks import check_one, check_review
from contract.errors import ReviewError
from contract.request import Request, is_json, parse_body
from gateway.errors import GatewayError

_JSON = "application/json"
# Parsing holds the interpreter's lock: many threads that parse together would only take turns, and
# keep those waiting that have an answer to send.
_LARGE = 65_536  # bytes
_one_large_body_at_a_time = threading.Lock()
_SHOWN = 40  # characters that a message repeats of an unfit media type


def check_content_type(content_type: str | None) -> None:
    """Refuse a body declared as something else than JSON; an undeclared one may still be JSON."""
    if content_type and not is_json(content_type):
        media_type = content_type.partition(";")[0].strip().lower()
        raise GatewayError(
            400,
            "not_json",
            f"Expected the content type {_JSON}, found {media_type[:_SHOWN]}; "
            f"send the header `content-type: {_JSON}`.",
        )


def read_request(body: bytes, one: bool = False) -> Request:
    """Return what a request body holds; raises GatewayError if it is unfit.

    With `one`, a list of reviews is unfit.
    """
    with _one_large_body_at_a_time if len(body) > _LARGE else nullcontext():
        return _read(body, one)


def _read(body: bytes, one: bool) -> Request:
    try:
        request = parse_body(body, _JSON)
        if one:
            check_one(request.many)
        if not request.many:
            check_review(request.reviews[0])
    except ReviewError as error:
        raise GatewayError(error.status, error.code, error.message) from None
    return request
