"""What a request must look like before it is worth TorchServe's time.

The handler checks again, for those who talk to TorchServe directly, with the same codes, statuses
and messages. Items of a `reviews` list are left to it, because one unfit item gets an error in its
place while the others are scored.
"""

import json
from typing import Any

from gateway.errors import GatewayError
from gateway.limits import MAX_REVIEW_CHARACTERS, MAX_REVIEWS

_SHOWN = 40  # characters that a message repeats of an unfit field name or media type


def check_content_type(content_type: str | None) -> None:
    """Refuse a body declared as something else than JSON; an undeclared one may still be JSON."""
    media_type = (content_type or "application/json").partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        return
    raise GatewayError(
        400,
        "not_json",
        f"Expected the content type application/json, found {media_type[:_SHOWN]}; "
        "send the header `content-type: application/json`.",
    )


def check_body(body: bytes) -> int:
    """Return how many reviews a request body holds; raises GatewayError if it is unfit."""
    request = _decode(body)
    _check_fields(request)
    if "reviews" in request:
        return _check_reviews(request["reviews"])
    _check_review(request["review"])
    return 1


def _decode(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise _not_json(f" at line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):  # not UTF-8, a number or a nesting without end
        raise _not_json("") from None
    if not isinstance(request, dict):
        raise GatewayError(
            400,
            "wrong_type",
            f"Expected a JSON object with `review` or `reviews`, found {_json_type(request)}.",
        )
    return request


def _not_json(place: str) -> GatewayError:
    return GatewayError(
        400,
        "not_json",
        f'Expected JSON in UTF-8 such as {{"review": "text"}}, found something else{place}.',
    )


def _check_fields(request: dict[str, Any]) -> None:
    unknown = [name for name in request if name not in ("review", "reviews")]
    if unknown:
        raise GatewayError(
            400,
            "unknown_field",
            f"Expected only `review` or `reviews`, found also {unknown[0][:_SHOWN]!r}; remove it.",
        )
    if len(request) != 1:
        found = "both" if request else "neither"
        raise GatewayError(
            400, "missing_review", f"Expected one of `review` and `reviews`, found {found}."
        )


def _check_reviews(reviews: Any) -> int:
    if not isinstance(reviews, list):
        raise GatewayError(
            400, "wrong_type", f"Expected `reviews` as an array, found {_json_type(reviews)}."
        )
    if not reviews:
        raise GatewayError(
            400,
            "missing_review",
            "Expected at least one review in `reviews`, found an empty list.",
        )
    if len(reviews) > MAX_REVIEWS:
        raise GatewayError(
            413,
            "too_many_reviews",
            f"Expected at most {MAX_REVIEWS} reviews, found {len(reviews):,}; "
            "send several requests.",
        )
    return len(reviews)


def _check_review(review: Any) -> None:
    if not isinstance(review, str):
        raise GatewayError(
            400, "wrong_type", f"Expected the review as a string, found {_json_type(review)}."
        )
    if len(review) > MAX_REVIEW_CHARACTERS:
        raise GatewayError(
            413,
            "review_too_long",
            f"Expected at most {MAX_REVIEW_CHARACTERS:,} characters, found {len(review):,}; "
            "shorten it.",
        )
    if not review.strip():
        raise GatewayError(
            400,
            "empty_review",
            "Expected a review with text in it, found only white space or nothing.",
        )
    _check_characters(review)


def _check_characters(review: str) -> None:
    if "\0" in review:
        raise GatewayError(
            400, "invalid_text", "Expected text without NUL characters, found one; remove it."
        )
    try:
        review.encode("utf-8")
    except UnicodeEncodeError as error:
        raise GatewayError(
            400,
            "invalid_text",
            f"Expected Unicode text, found a lone surrogate at position {error.start}; "
            "send the whole pair.",
        ) from None


def _json_type(value: Any) -> str:
    if value is None:
        return "null"
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "an array",
    }
    return names.get(type(value), "an object")
