"""One id for each request, on every answer and in every log line: the client's own if it fits."""

import uuid

from flask import Flask, Response, g, request

from contract.request_id import HEADER, fitting_id


def new_request_id() -> str:
    """Return an id that no other request has."""
    return uuid.uuid4().hex


def register_request_id(app: Flask) -> None:
    """Give every request an id before anything else happens, and name it in the answer."""
    app.before_request(_begin)
    app.after_request(_name)


def _begin() -> None:
    g.request_id = fitting_id(request.headers.get(HEADER)) or new_request_id()


def _name(response: Response) -> Response:
    response.headers[HEADER] = g.get("request_id") or new_request_id()
    return response
