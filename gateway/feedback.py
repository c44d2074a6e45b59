"""POST /feedback and DELETE /feedback/RECEIPT: reports of wrong verdicts, stored with consent."""

import json
from typing import Final

from flask import Blueprint, Response, request

from contract.errors import ReviewError
from contract.feedback import check_labels, parse_report
from gateway.body import read_body
from gateway.errors import GatewayError
from gateway.feedback_store import FeedbackStore
from gateway.model import ServedModel
from gateway.settings import Settings
from gateway.validation import check_content_type

_NO_STORE: Final = {"Cache-Control": "no-store"}


def create_feedback(settings: Settings, model: ServedModel) -> Blueprint:
    """Return the routes; without a database they say that feedback is off."""
    routes = Blueprint("feedback", __name__)
    days = settings.feedback_retention_days
    database = settings.feedback_database
    store = FeedbackStore(database, days) if database else None

    @routes.post("/feedback")
    def report() -> Response:
        check_content_type(request.content_type)
        body = read_body(request.stream, request.content_length)
        try:
            content = parse_report(body)
            kept = _require(store)
            check_labels(content, model.describe()["labels"])
            answer = {"receipt": kept.add(content), "retention_days": days}
        except ReviewError as error:
            raise GatewayError(error.status, error.code, error.message) from None
        return Response(json.dumps(answer), 201, _NO_STORE, mimetype="application/json")

    @routes.delete("/feedback/<receipt>")
    def delete(receipt: str) -> Response:
        try:
            _require(store).delete(receipt)
        except ReviewError as error:
            raise GatewayError(error.status, error.code, error.message) from None
        return Response('{"deleted":true}', 200, _NO_STORE, mimetype="application/json")

    return routes


def offer(settings: Settings) -> dict[str, int] | None:
    """Return what `GET /model` says of feedback: None where it is off."""
    if settings.feedback_database is None:
        return None
    return {"retention_days": settings.feedback_retention_days}


def _require(store: FeedbackStore | None) -> FeedbackStore:
    if store is None:
        raise ReviewError(
            "feedback_off",
            "Expected a store for feedback, found none: whoever runs this service sets "
            "GATEWAY_FEEDBACK_DATABASE.",
        )
    return store
