"""What a review may be, and how many of them a request may hold."""

from contract.errors import ReviewError
from contract.limits import MAX_REVIEW_CHARACTERS, MAX_REVIEWS


def check_review(review: object) -> str:
    """Return the review if it can be scored; raises ReviewError otherwise."""
    if not isinstance(review, str):
        raise ReviewError(
            "wrong_type", f"Expected the review as a string, found {json_type(review)}."
        )
    if len(review) > MAX_REVIEW_CHARACTERS:
        raise ReviewError(
            "review_too_long",
            f"Expected at most {MAX_REVIEW_CHARACTERS:,} characters, found {len(review):,}; "
            "shorten it.",
        )
    if not review.strip():
        raise ReviewError(
            "empty_review", "Expected a review with text in it, found only white space or nothing."
        )
    _check_characters(review)
    return review


def check_count(count: int) -> None:
    """Raise ReviewError if one request carries no review or too many."""
    if count == 0:
        raise ReviewError(
            "missing_review", "Expected at least one review in `reviews`, found an empty list."
        )
    if count > MAX_REVIEWS:
        raise ReviewError(
            "too_many_reviews",
            f"Expected at most {MAX_REVIEWS} reviews, found {count:,}; send several requests.",
        )


def check_one(many: bool) -> None:
    """Raise ReviewError if a list of reviews is to be explained: an answer explains one."""
    if many:
        raise ReviewError(
            "one_review_only",
            "Expected one `review` to explain, found `reviews`; send a request for each.",
        )


def json_type(value: object) -> str:
    """Name a value's type in JSON's words, as the sender knows it."""
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


def _check_characters(review: str) -> None:
    if "\0" in review:
        raise ReviewError(
            "invalid_text", "Expected text without NUL characters, found one; remove it."
        )
    try:
        review.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ReviewError(
            "invalid_text",
            f"Expected Unicode text, found a lone surrogate at position {error.start}; "
            "send the whole pair.",
        ) from error
