"""The TorchServe handler, the only file that knows TorchServe: rows in, one answer per row out."""

import logging
import os
import sys
from pathlib import Path
from typing import Any, Final

_UNPACKED: Final = Path(__file__).resolve().parent
if (_UNPACKED / "handler").is_dir():
    # In an unpacked archive this file lies beside the `handler` package it was packed with; that
    # one has to win over any other `handler` on the path, such as one in the working directory.
    sys.path.insert(0, str(_UNPACKED))

from ts.metrics.dimension import Dimension  # noqa: E402
from ts.metrics.metric_type_enum import MetricTypes  # noqa: E402

from handler.engines import EngineError  # noqa: E402
from handler.errors import CheckpointError, ReviewError  # noqa: E402
from handler.later import Later  # noqa: E402
from handler.predictor import Prediction, Predictor, Timing  # noqa: E402
from handler.rows import Request, Response, answer_error, answer_row, parse_body  # noqa: E402

logger = logging.getLogger(__name__)

BODY_NAMES: Final = ("body", "data")


class SentimentHandler:
    """Loads one predictor per worker and answers batches of TorchServe rows with it."""

    predictor: Predictor

    def __init__(self) -> None:
        # Each metric is a line that TorchServe's frontend reads from a pipe: on two cores, that and
        # the answer get in each other's way.
        self.later = Later()

    def initialize(self, context: Any) -> None:
        """Load the packed checkpoint and score once before READY; exits with one line if unfit."""
        properties = context.system_properties
        gpu = properties.get("gpu_id")
        try:
            self.predictor = Predictor.load(
                properties["model_dir"],
                engine=os.environ.get("SENTIMENT_ENGINE", "auto"),
                threads=_threads(os.environ.get("SENTIMENT_THREADS", "")),
                device="cpu" if gpu is None else f"cuda:{gpu}",
            )
        except (CheckpointError, EngineError) as error:
            logger.error("Cannot serve this model: %s", error)
            raise SystemExit(1) from error
        self.predictor.warm_up()
        logger.info("Engine %s is warm.", self.predictor.engine_name)
        _silence_each_request()

    def handle(self, rows: list[dict[str, Any]], context: Any) -> list[bytes]:
        """Score the reviews of all rows in one call; returns exactly one JSON body per row."""
        requests = [_read_row(row, index, context) for index, row in enumerate(rows)]
        reviews = [
            review
            for request in requests
            if isinstance(request, Request)
            for review in request.reviews
        ]
        answers = self.predictor.predict(reviews)
        self.later.call(self._count, answers, self.predictor.last_timing, context.metrics)
        responses = _respond(requests, answers)
        for index, response in enumerate(responses):
            self._set_headers(context, index, response)
        return [response.body for response in responses]

    def _set_headers(self, context: Any, index: int, response: Response) -> None:
        timing = self.predictor.last_timing
        context.set_response_status(response.status, response.phrase, index)
        context.set_response_content_type(index, "application/json")
        context.set_response_header(
            index,
            "Server-Timing",
            f"tokenize;dur={timing.tokenize * 1e3:.2f}, "
            f'inference;dur={timing.inference * 1e3:.2f};desc="{self.predictor.engine_name}"',
        )

    def _count(self, answers: list[Prediction | ReviewError], timing: Timing, metrics: Any) -> None:
        tokens = [answer.tokens for answer in answers if isinstance(answer, Prediction)]
        if not tokens:
            return
        for name, value, unit, kind in (
            ("ReviewsScored", len(tokens), "Count", MetricTypes.COUNTER),
            ("TokensScored", sum(tokens), "Count", MetricTypes.COUNTER),
            ("TokenizeSeconds", timing.tokenize, "Seconds", MetricTypes.HISTOGRAM),
            ("InferenceSeconds", timing.inference, "Seconds", MetricTypes.HISTOGRAM),
        ):
            dimensions = [Dimension("Engine", self.predictor.engine_name)]
            metrics.add_metric(name, value, unit, None, dimensions, kind)


def _silence_each_request() -> None:
    """Drop TorchServe's line about each batch, which the root logger writes before it is scored."""
    logging.getLogger("ts").setLevel(logging.INFO)  # metrics are lines of this one
    logging.getLogger().setLevel(logging.WARNING)


def _read_row(row: dict[str, Any], index: int, context: Any) -> Request | ReviewError:
    name = next((name for name in BODY_NAMES if name in row), None)
    if name is None:
        return ReviewError(
            "not_json",
            "Expected a JSON or plain-text body, found a form; set the content type.",
        )
    headers = context.get_request_header(index, name) or {}
    try:
        return parse_body(row[name], headers.get("content-type") or "")
    except ReviewError as error:
        return error


def _respond(
    requests: list[Request | ReviewError], answers: list[Prediction | ReviewError]
) -> list[Response]:
    remaining = iter(answers)
    return [
        answer_error(request)
        if isinstance(request, ReviewError)
        else answer_row(request, [next(remaining) for _ in request.reviews])
        for request in requests
    ]


def _threads(value: str) -> int | None:
    if not value:
        return None
    if not value.isdigit() or int(value) < 1:
        raise EngineError(f"SENTIMENT_THREADS: expected a positive number, found {value!r}.")
    return int(value)
