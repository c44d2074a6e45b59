"""The API's own routes: predict, health, readiness and metrics."""

import time

from flask import Blueprint, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST

from gateway.admission import Admission
from gateway.body import read_body
from gateway.errors import GatewayError
from gateway.metrics import Metrics
from gateway.readiness import Readiness
from gateway.torchserve import Answer, TorchServe
from gateway.validation import check_body, check_content_type

_NO_STORE = {"Cache-Control": "no-store"}


def create_api(
    torchserve: TorchServe, admission: Admission, readiness: Readiness, metrics: Metrics
) -> Blueprint:
    """Return the API's routes over the given parts."""
    api = Blueprint("api", __name__)

    @api.post("/predict")
    def predict() -> Response:
        check_content_type(request.content_type)
        body = read_body(request.stream, request.content_length)
        reviews = check_body(body)
        with admission.place():
            metrics.count_reviews(reviews)
            sent = time.perf_counter()
            answer = _ask(torchserve, body, metrics)
            upstream_seconds = time.perf_counter() - sent
        if answer.status == 200:
            readiness.saw_answer()
        return _passed_on(answer, time.perf_counter() - g.started - upstream_seconds)

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


def _ask(torchserve: TorchServe, body: bytes, metrics: Metrics) -> Answer:
    try:
        return torchserve.predict(body)
    except GatewayError as error:
        metrics.count_failure(error.code)
        raise


def _passed_on(answer: Answer, own_seconds: float) -> Response:
    own_timing = f"gateway;dur={own_seconds * 1000:.2f}"
    timings = [answer.server_timing, own_timing] if answer.server_timing else [own_timing]
    headers = {**_NO_STORE, "Server-Timing": ", ".join(timings)}
    if answer.request_id:
        headers["X-Request-Id"] = answer.request_id
    return Response(answer.body, answer.status, headers, mimetype="application/json")
