"""Measures every request on its way in and out, wherever it is answered."""

import time

from flask import Flask, Response, g, request

from gateway.metrics import Metrics
from gateway.verdicts import VerdictMetrics

_VERDICTS = frozenset({"predict", "explain"})


def register_measuring(app: Flask, metrics: Metrics, verdicts: VerdictMetrics) -> None:
    """Count requests, their durations, and what the answers say."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()
        metrics.begin(id(g._get_current_object()), g.started)

    @app.after_request
    def count(response: Response) -> Response:
        endpoint = (request.endpoint or "unknown").rpartition(".")[2]
        metrics.count_request(endpoint, response.status_code, time.perf_counter() - g.started)
        if response.status_code == 200 and endpoint in _VERDICTS:
            version = response.headers.get("X-Model-Version", "")
            verdicts.saw_answer(response.get_data(), version)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        metrics.end(id(g._get_current_object()))
