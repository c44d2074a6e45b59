"""Which model is served: asked of the worker once for each version, named on every answer."""

import json
import threading
from contextlib import suppress
from typing import Any, Final

from flask import Blueprint, Flask, Response, g

from contract.limits import MAX_BODY_BYTES, MAX_REVIEW_CHARACTERS, MAX_REVIEWS
from contract.model import VERSION_HEADER
from gateway.errors import GatewayError
from gateway.torchserve import Answer, TorchServe

LIMITS: Final = {
    "body_bytes": MAX_BODY_BYTES,
    "characters": MAX_REVIEW_CHARACTERS,
    "reviews": MAX_REVIEWS,
}


class ServedModel:
    """Remembers the description of the model whose version the last answer named."""

    def __init__(self, torchserve: TorchServe, name: str) -> None:
        self._torchserve = torchserve
        self._name = name
        self._description: dict[str, Any] = {}
        self._lock = threading.Lock()
        self.version = ""
        """The version that answered last, empty as long as none has."""

    def describe(self) -> dict[str, Any]:
        """Return the description of the served model; raises GatewayError if no worker answers."""
        with self._lock:
            if not self._description or self._description["version"] != self.version:
                self._description = self._torchserve.describe_model()
                self.version = self._description["version"]
            return {"name": self._name, **self._description, "limits": LIMITS}

    def ask_again(self) -> None:
        """Describe what is served now: another model may have taken the place of the one known."""
        with self._lock:
            self._description = {}
        with suppress(GatewayError):
            self.describe()


def note_version(answer: Answer) -> None:
    """Take note of the version that an answer of TorchServe names, for this request's answer."""
    g.model_version = answer.model_version


def register_version(app: Flask, model: ServedModel) -> None:
    """Name the model's version on every answer, once it is known."""

    @app.after_request
    def name_version(response: Response) -> Response:
        model.version = g.get("model_version") or model.version
        if model.version:
            response.headers[VERSION_HEADER] = model.version
        return response


def create_model(model: ServedModel, feedback: dict[str, Any] | None = None) -> Blueprint:
    """Return the route that describes the model, and whether wrong verdicts can be reported."""
    routes = Blueprint("model", __name__)

    @routes.get("/model")
    def describe() -> Response:
        body = json.dumps({**model.describe(), "feedback": feedback}, ensure_ascii=False)
        return Response(body, mimetype="application/json", headers={"Cache-Control": "no-store"})

    return routes
