"""Every failure of the gateway, and the one JSON shape in which all of them are answered."""

import json
import logging
import re
import traceback

from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

logger = logging.getLogger("gateway.errors")

_HTTP_MESSAGES = {
    400: ("not_json", "Expected a complete request, found a broken one; send it again."),
    404: ("not_found", "Expected one of the addresses listed at /docs, found another."),
    405: (
        "method_not_allowed",
        "Expected one of the methods in the Allow header, found another.",
    ),
}


class GatewayError(Exception):
    """A request could not be answered; carries status, code and message of the response.

    A `repeatable` one may go away if the same request is sent once more.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        retry_after: int | None = None,
        repeatable: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.repeatable = repeatable


def error_response(status: int, code: str, message: str) -> Response:
    """Return the JSON response for one error."""
    response = Response(error_body(code, message), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def error_body(code: str, message: str) -> bytes:
    """Return one error in the one shape, as JSON."""
    return json.dumps({"error": {"code": code, "message": message}}, separators=(",", ":")).encode()


def register_errors(app: Flask) -> None:
    """Answer every exception that leaves a view, the framework's own included, in one shape."""
    app.register_error_handler(GatewayError, _answer_gateway_error)
    app.register_error_handler(HTTPException, _answer_http_exception)
    app.register_error_handler(Exception, _answer_fault)


def _answer_gateway_error(error: GatewayError) -> Response:
    response = error_response(error.status, error.code, error.message)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _answer_http_exception(error: HTTPException) -> Response:
    status = error.code or 500
    code, message = _HTTP_MESSAGES.get(status, _words_for(status))
    response = error_response(status, code, message)
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers[name] = value
    return response


def _words_for(status: int) -> tuple[str, str]:
    phrase = HTTP_STATUS_CODES.get(status, "Unknown error")
    return re.sub(r"\W+", "_", phrase).lower(), f"{phrase}: see /docs for what is expected."


def _answer_fault(error: Exception) -> Response:
    # The exception's own message is left out of the log: it may quote a review.
    stack = "".join(traceback.format_tb(error.__traceback__))
    logger.error("unexpected %s at\n%s", type(error).__name__, stack)
    message = (
        "Expected an answer, found a fault in the gateway; its log tells where. Try again later."
    )
    return error_response(500, "internal", message)
