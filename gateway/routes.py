"""The API's own routes: predict, health, readiness and metrics."""

import time
from functools import partial

from flask import Blueprint, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST

from gateway.body import read_body
from gateway.client import caller, client_gone
from gateway.errors import GatewayError
from gateway.metrics import Metrics
from gateway.model import note_version
from gateway.readiness import Readiness
from gateway.scoring import Scoring
from gateway.torchserve import Answer, TorchServe
from gateway.tracing import trace_of_request
from gateway.validation import check_content_type, read_request

_NO_STORE = {"Cache-Control": "no-store"}


def create_api(
    torchserve: TorchServe, scoring: Scoring, readiness: Readiness, metrics: Metrics
) -> Blueprint:
    """Return the API's routes over the given parts."""
    api = Blueprint("api", __name__)

    @api.post("/predict")
    def predict() -> Response:
        check_content_type(request.content_type)
        body = read_body(request.stream, request.content_length)
        content = read_request(body)
        metrics.count_reviews(len(content.reviews))
        send = partial(torchserve.predict, request_id=g.request_id)
        sent = time.perf_counter()
        try:
            answer = scoring.score(send, content, body, caller(), client_gone(), trace_of_request())
        except GatewayError as error:
            metrics.count_failure(error.code)
            raise
        if answer.status == 200:
            readiness.saw_answer()
        return passed_on(answer, sent - g.started)

    @api.get("/healthz")
    def healthz() -> Response:
        return Response('{"status":"alive"}', mimetype="application/json", headers=_NO_STORE)

    @api.get("/readyz")
    def readyz() -> Response:
        readiness.check()
        return Response('{"status":"ready"}', mimetype="application/json", headers=_NO_STORE)

    @api.get("/metrics")
    def metrics_text() -> Response:
        text = metrics.as_text()
        return Response(text, content_type=CONTENT_TYPE_LATEST, headers=_NO_STORE)

    return api


def passed_on(answer: Answer, own_seconds: float) -> Response:
    """Return TorchServe's answer as it came, with the gateway's own time beside the worker's."""
    note_version(answer)
    own_timing = f"gateway;dur={own_seconds * 1000:.2f}"
    timings = [answer.server_timing, own_timing] if answer.server_timing else [own_timing]
    headers = {**_NO_STORE, "Server-Timing": ", ".join(timings)}
    return Response(answer.body, answer.status, headers, mimetype="application/json")
