"""Who is asking, and whether they still wait for the answer."""

from collections.abc import Callable

from flask import g, request


def caller() -> str:
    """Return who the work is done for: callers get the same share of it."""
    name: str = g.get("caller") or request.remote_addr or ""
    return name


def client_gone() -> Callable[[], bool]:
    """Return a function, for any thread, that tells whether this request's client has hung up."""
    gone: Callable[[], bool] = request.environ.get("waitress.client_disconnected", _unknown)
    return gone


def _unknown() -> bool:
    return False
