"""What is answered: the fields of a prediction, and the JSON around one or many."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from contract.errors import ReviewError
from contract.request import Request


class Answer(Protocol):
    """A prediction or an error: anything that can be written as a JSON object."""

    def as_json(self) -> dict[str, object]:
        """Return the object in the contract's words."""
        ...


@dataclass(frozen=True)
class Prediction:
    """The verdict on one review; `probabilities` keeps the checkpoint's label order.

    It is certain if its confidence reaches the checkpoint's threshold.
    """

    label: str
    confidence: float
    probabilities: dict[str, float]
    certain: bool
    tokens: int
    truncated: bool

    def as_json(self) -> dict[str, object]:
        """Return the fields as they are sent."""
        return {
            "label": self.label,
            "confidence": self.confidence,
            "probabilities": self.probabilities,
            "certain": self.certain,
            "tokens": self.tokens,
            "truncated": self.truncated,
        }


@dataclass(frozen=True)
class Response:
    """The answer to one request: HTTP status and compact JSON."""

    status: int
    body: bytes

    @property
    def phrase(self) -> str:
        """The status in words, as HTTP spells it."""
        return HTTPStatus(self.status).phrase


def answer_request(request: Request, answers: Sequence[Answer | ReviewError]) -> Response:
    """Write a request's predictions; a single review that failed gives its own status."""
    if request.many:
        return _response(200, {"predictions": [answer.as_json() for answer in answers]})
    return answer_one(answers[0])


def answer_one(answer: Answer | ReviewError, status: int = 200) -> Response:
    """Write one answer with a status, an error with its own."""
    return _response(answer.status if isinstance(answer, ReviewError) else status, answer.as_json())


def answer_error(error: ReviewError) -> Response:
    """Write the answer to a request that could not be read at all."""
    return _response(error.status, error.as_json())


def _response(status: int, content: object) -> Response:
    return Response(
        status, json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    )
