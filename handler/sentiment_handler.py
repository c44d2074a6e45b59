"""The TorchServe handler, the only file that knows TorchServe: rows in, one answer per row out.

TorchServe looks for the handler's class by itself and gives up if this file defines a second one.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

_UNPACKED: Final = Path(__file__).resolve().parent
if (_UNPACKED / "handler").is_dir():
    # In an unpacked archive this file lies beside the packages it was packed with; those have to
    # win over any others of these names on the path, such as those in the working directory.
    sys.path.insert(0, str(_UNPACKED))

from ts.metrics.dimension import Dimension  # noqa: E402
from ts.metrics.metric_type_enum import MetricTypes  # noqa: E402

from contract.answer import (  # noqa: E402
    Answer,
    Prediction,
    Response,
    answer_error,
    answer_one,
    answer_request,
)
from contract.checks import check_one  # noqa: E402
from contract.errors import ReviewError  # noqa: E402
from contract.explanation import LATER, LATER_HEADER, Begun  # noqa: E402
from contract.model import VERSION_HEADER, Model  # noqa: E402
from contract.request import Request, parse_body  # noqa: E402
from contract.request_id import HEADER, fitting_id  # noqa: E402
from handler.bound import bounded  # noqa: E402
from handler.checkpoint import read_settings  # noqa: E402
from handler.description import describe  # noqa: E402
from handler.engines import EngineError  # noqa: E402
from handler.errors import CheckpointError  # noqa: E402
from handler.explanations import Explanations  # noqa: E402
from handler.later import Later  # noqa: E402
from handler.predictor import Predictor, Timing  # noqa: E402
from handler.row import Row  # noqa: E402
from handler.tracing import HEADER as TRACE_HEADER  # noqa: E402
from handler.tracing import Batch, load_tracing, now  # noqa: E402

logger = logging.getLogger(__name__)

BODY_NAMES: Final = ("body", "data")


class SentimentHandler:
    """Loads one predictor per worker and answers batches of TorchServe rows with it."""

    predictor: Predictor
    explanations: Explanations
    model: Model

    def __init__(self) -> None:
        # Each metric is a line that TorchServe's frontend reads from a pipe: on two cores, that and
        # the answer get in each other's way.
        self.later = Later()
        self.tracing = load_tracing()

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
        directory = properties["model_dir"]
        self.model = describe(directory, read_settings(directory), self.predictor.engine_name)
        self.explanations = Explanations(directory, self.predictor)
        self.predictor.warm_up()
        logger.info("Engine %s is warm.", self.predictor.engine_name)
        _silence_each_request()

    def handle(self, rows: list[dict[str, Any]], context: Any) -> list[bytes]:
        """Score the reviews of all rows in one call; returns exactly one JSON body per row."""
        if _is_description(context):
            return [json.dumps(self.model.as_json()).encode()]
        began = now()
        read = [_read_row(row, index, context) for index, row in enumerate(rows)]
        within = bounded([row.request for row in read])
        read = [replace(row, request=request) for request, row in zip(within, read, strict=True)]
        answers = self.predictor.predict([review for row in read for review in row.reviews])
        scored, timing = now(), self.predictor.last_timing
        self.later.call(self._count, answers, timing, context.metrics)
        remaining = iter(answers)
        responses = [
            self._answer(row, remaining, context, index, timing) for index, row in enumerate(read)
        ]
        if self.tracing.is_on:
            reviews = [len(row.reviews) for row in read]
            self._trace(context, Batch(began, scored, now(), timing, reviews, self._names()))
        return [response.body for response in responses]

    def _trace(self, context: Any, batch: Batch) -> None:
        rows = range(len(batch.reviews))
        headers = [str(context.get_request_header(row, TRACE_HEADER) or "") for row in rows]
        self.later.call(self.tracing.record, headers, batch)

    def _names(self) -> dict[str, str]:
        return {"engine": self.predictor.engine_name, "model.version": self.model.version}

    def _answer(
        self,
        row: Row,
        remaining: Iterator[Prediction | ReviewError],
        context: Any,
        index: int,
        timing: Timing,
    ) -> Response:
        """Respond to one row and set its headers, with the time that its explanation took."""
        start = time.perf_counter()
        explained = None
        if row.explain and row.later not in ("", LATER):
            fetched = self.explanations.fetch(row.later)
            timing, explained = fetched.timing, fetched.seconds
            response = _answer_later(fetched.answer)
        else:
            response = self._respond(row, remaining, timing)
            explained = time.perf_counter() - start if row.explain else None
        spent = _server_timing(timing, explained, self.predictor.engine_name)
        self._set_headers(context, index, response, spent)
        if response.status >= 400:
            _log_refusal(context, index, response)
        return response

    def _respond(
        self, row: Row, remaining: Iterator[Prediction | ReviewError], timing: Timing
    ) -> Response:
        """Answer one row with as many of the remaining answers as it has reviews."""
        if isinstance(row.request, ReviewError):
            return answer_error(row.request)
        answers: Sequence[Answer | ReviewError] = [next(remaining) for _ in row.reviews]
        if row.explain and row.later:
            return _answer_later(self.explanations.begin(row.reviews[0], answers[0], timing))
        if row.explain:
            answers = [
                self.explanations.explain(review, answer)
                for review, answer in zip(row.reviews, answers, strict=True)
            ]
        return answer_request(row.request, answers)

    def _set_headers(self, context: Any, index: int, response: Response, timing: str) -> None:
        context.set_response_status(response.status, response.phrase, index)
        context.set_response_content_type(index, "application/json")
        context.set_response_header(index, VERSION_HEADER, self.model.version)
        context.set_response_header(index, "Server-Timing", timing)
        if response.status == 429:
            context.set_response_header(index, "Retry-After", "1")

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


def _answer_later(answer: Answer | ReviewError) -> Response:
    """Write an explanation, or the name of one that is not done yet."""
    return answer_one(answer, 202 if isinstance(answer, Begun) else 200)


def _server_timing(timing: Timing, explained: float | None, engine: str) -> str:
    """Return what the batch took before its answers, and this row's explanation alone."""
    parts = [
        f"tokenize;dur={timing.tokenize * 1e3:.2f}",
        f'inference;dur={timing.inference * 1e3:.2f};desc="{engine}"',
        *([] if explained is None else [f"explain;dur={explained * 1e3:.2f}"]),
    ]
    return ", ".join(parts)


def _log_refusal(context: Any, index: int, response: Response) -> None:
    request_id = fitting_id(context.get_request_header(index, HEADER.lower()))
    logger.warning("Request %s: status %d.", request_id or "without an id", response.status)


def _silence_each_request() -> None:
    """Drop TorchServe's line about each batch, which the root logger writes before it is scored."""
    logging.getLogger("ts").setLevel(logging.INFO)  # metrics are lines of this one
    logging.getLogger().setLevel(logging.WARNING)


def _is_description(context: Any) -> bool:
    """Whether `GET /models/NAME?customized=true` asks, which never comes in a batch."""
    return str(context.get_request_header(0, "describe")).lower() == "true"


def _read_row(row: dict[str, Any], index: int, context: Any) -> Row:
    # TorchServe sets this header for its address /explanations, to "False" for /predictions.
    explain = str(context.get_request_header(index, "explain")).lower() == "true"
    later = str(context.get_request_header(index, LATER_HEADER) or "") if explain else ""
    if later not in ("", LATER):
        return Row(Request((), many=False), explain, later)
    try:
        request = _read_request(row, index, context)
        if explain:
            check_one(request.many)
    except ReviewError as error:
        return Row(error, explain)
    return Row(request, explain, later)


def _read_request(row: dict[str, Any], index: int, context: Any) -> Request:
    name = next((name for name in BODY_NAMES if name in row), None)
    if name is None:
        raise ReviewError(
            "not_json",
            "Expected a JSON or plain-text body, found a form; set the content type.",
        )
    headers = context.get_request_header(index, name) or {}
    return parse_body(row[name], headers.get("content-type") or _declared_by_grpc(row))


def _declared_by_grpc(row: dict[str, Any]) -> str:
    """Return the content type that stands beside a body: by gRPC inputs carry no headers."""
    declared = row.get("content-type", b"")
    return bytes(declared).decode("utf-8", "replace") if not isinstance(declared, str) else declared


def _threads(value: str) -> int | None:
    if not value:
        return None
    if not value.isdigit() or int(value) < 1:
        raise EngineError(f"SENTIMENT_THREADS: expected a positive number, found {value!r}.")
    return int(value)
