"""A long list of reviews as several requests to TorchServe, and their answers as one."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contract.cost import request_cost, review_cost
from contract.request import Request
from gateway.errors import GatewayError
from gateway.torchserve import Answer

_DURATION = re.compile(r"([\w-]+);dur=([\d.]+)((?:;desc=\"[^\"]*\")?)")


@dataclass(frozen=True)
class Piece:
    """One request to TorchServe, and what it costs."""

    body: bytes
    cost: int


def cut(request: Request, body: bytes, largest: int) -> list[Piece]:
    """Return the pieces of a request, in order: one, byte by byte as it came, if it is small."""
    cost = request_cost(request.reviews)
    if cost <= largest or len(request.reviews) == 1:
        return [Piece(body, cost)]
    return [Piece(_written(part), request_cost(part)) for part in _parts(request.reviews, largest)]


def _parts(reviews: Iterable[object], largest: int) -> Iterator[list[object]]:
    part: list[object] = []
    cost = 0
    for review in reviews:
        if part and cost + review_cost(review) > largest:
            yield part
            part, cost = [], 0
        part.append(review)
        cost += review_cost(review)
    yield part


def _written(reviews: list[object]) -> bytes:
    content = {"reviews": reviews}
    try:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair: as an escape it gets its error
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def join(answers: list[Answer]) -> Answer:
    """Return the answers to a request's pieces as one, or the first that is an error."""
    unfit = next((answer for answer in answers if answer.status != 200), None)
    if unfit or len(answers) == 1:
        return unfit or answers[0]
    predictions = [item for answer in answers for item in _predictions(answer)]
    body = json.dumps({"predictions": predictions}, ensure_ascii=False, separators=(",", ":"))
    # Pieces that were scored in one batch tell the same: the batch's own durations.
    timings = dict.fromkeys(answer.server_timing for answer in answers)
    version = answers[-1].model_version
    return Answer(200, body.encode("utf-8"), _added(list(timings)), version)


def _predictions(answer: Answer) -> list[object]:
    try:
        predictions: list[object] = json.loads(answer.body)["predictions"]
    except (ValueError, LookupError, TypeError):
        message = "Expected predictions from TorchServe, found something else; try again."
        raise GatewayError(502, "upstream_failed", message, retry_after=1) from None
    return predictions


def _added(timings: list[str]) -> str:
    """Return one Server-Timing header with the sums of all: what the worker spent on the list."""
    total: dict[tuple[str, str], float] = {}
    for name, duration, description in _DURATION.findall(", ".join(timings)):
        total[name, description] = total.get((name, description), 0.0) + float(duration)
    return ", ".join(f"{name};dur={sum_:.2f}{text}" for (name, text), sum_ in total.items())
