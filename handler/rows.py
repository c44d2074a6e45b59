"""Read a request body into reviews and write the answer: JSON and the contract, no server."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from handler.errors import ReviewError
from handler.limits import MAX_BODY_BYTES, check_count, json_type

FIELDS: Final = ("review", "reviews")


class Answer(Protocol):
    """A prediction or an error: anything that can be written as a JSON object."""

    def as_json(self) -> dict[str, object]:
        """Return the object in the contract's words."""
        ...


@dataclass(frozen=True)
class Request:
    """The reviews of one row, not yet checked one by one, and whether they came as a list."""

    reviews: tuple[object, ...]
    many: bool


@dataclass(frozen=True)
class Response:
    """One row's answer: HTTP status and compact JSON."""

    status: int
    body: bytes

    @property
    def phrase(self) -> str:
        """The status in words, as HTTP spells it."""
        return HTTPStatus(self.status).phrase


def parse_body(body: object, content_type: str) -> Request:
    """Read a body, raw or already decoded, by its content type; raises ReviewError."""
    if isinstance(body, (bytes, bytearray)) and len(body) > MAX_BODY_BYTES:
        raise ReviewError(
            "body_too_large",
            f"Expected at most {MAX_BODY_BYTES:,} bytes, found {len(body):,}; "
            "send several requests.",
            status=413,
        )
    if _is_json(content_type):
        return _from_fields(_decode_json(body) if isinstance(body, (bytes, bytearray)) else body)
    return Request((_decode_text(body),), many=False)


def answer_row(request: Request, answers: Sequence[Answer | ReviewError]) -> Response:
    """Write one row's predictions; a single review that failed gives its own status."""
    if request.many:
        return _response(200, {"predictions": [answer.as_json() for answer in answers]})
    answer = answers[0]
    return _response(answer.status if isinstance(answer, ReviewError) else 200, answer.as_json())


def answer_error(error: ReviewError) -> Response:
    """Write the answer to a row that could not be read at all."""
    return _response(error.status, error.as_json())


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _decode_json(body: bytes | bytearray) -> object:
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # The position helps the sender; the text around it is private and stays out.
        where = (
            f" at line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise ReviewError(
            "not_json",
            f'Expected JSON in UTF-8 such as {{"review": "text"}}, found something else{where}.',
        ) from error


def _decode_text(body: object) -> str:
    if isinstance(body, str):
        return body
    if not isinstance(body, (bytes, bytearray)):
        raise ReviewError("wrong_type", f"Expected a plain-text body, found {json_type(body)}.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReviewError(
            "invalid_text",
            f"Expected plain text in UTF-8, found another byte at position {error.start}.",
        ) from error


def _from_fields(value: object) -> Request:
    if not isinstance(value, dict):
        raise ReviewError(
            "wrong_type",
            f"Expected a JSON object with `review` or `reviews`, found {json_type(value)}.",
        )
    unknown = [name for name in value if name not in FIELDS]
    if unknown:
        raise ReviewError(
            "unknown_field",
            f"Expected only `review` or `reviews`, found also {unknown[0][:40]!r}; remove it.",
        )
    if len(value) != 1:
        found = "both" if value else "neither"
        raise ReviewError(
            "missing_review", f"Expected one of `review` and `reviews`, found {found}."
        )
    return _from_review(value["review"]) if "review" in value else _from_reviews(value["reviews"])


def _from_review(review: object) -> Request:
    return Request((review,), many=False)


def _from_reviews(reviews: object) -> Request:
    if not isinstance(reviews, list):
        raise ReviewError(
            "wrong_type", f"Expected `reviews` as an array, found {json_type(reviews)}."
        )
    check_count(len(reviews))
    return Request(tuple(reviews), many=True)


def _response(status: int, content: object) -> Response:
    return Response(
        status, json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    )
