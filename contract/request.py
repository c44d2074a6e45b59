"""Read a request body into reviews."""

import json
from dataclasses import dataclass
from typing import Final

from contract.checks import check_count, json_type
from contract.errors import ReviewError
from contract.limits import MAX_BODY_BYTES

FIELDS: Final = ("review", "reviews")
_SHOWN: Final = 40  # characters that a message repeats of an unknown field's name


@dataclass(frozen=True)
class Request:
    """The reviews of one request, not yet checked one by one, and whether they came as a list."""

    reviews: tuple[object, ...]
    many: bool


def parse_body(body: object, content_type: str) -> Request:
    """Read a body, raw or already decoded, by its content type; raises ReviewError."""
    if isinstance(body, (bytes, bytearray)) and len(body) > MAX_BODY_BYTES:
        raise ReviewError(
            "body_too_large",
            f"Expected at most {MAX_BODY_BYTES:,} bytes, found {len(body):,}; "
            "send several requests.",
        )
    if is_json(content_type):
        return _from_fields(decode_json(body) if isinstance(body, (bytes, bytearray)) else body)
    return Request((_decode_text(body),), many=False)


def is_json(content_type: str) -> bool:
    """Whether a content type declares JSON, alone or as the syntax of something else."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def decode_json(body: bytes | bytearray) -> object:
    """Return what a JSON body holds; raises ReviewError."""
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
            f"Expected only `review` or `reviews`, found also {unknown[0][:_SHOWN]!r}; remove it.",
        )
    if len(value) != 1:
        found = "both" if value else "neither"
        raise ReviewError(
            "missing_review", f"Expected one of `review` and `reviews`, found {found}."
        )
    if "review" in value:
        return Request((value["review"],), many=False)
    return _from_list(value["reviews"])


def _from_list(reviews: object) -> Request:
    if not isinstance(reviews, list):
        raise ReviewError(
            "wrong_type", f"Expected `reviews` as an array, found {json_type(reviews)}."
        )
    check_count(len(reviews))
    return Request(tuple(reviews), many=True)
