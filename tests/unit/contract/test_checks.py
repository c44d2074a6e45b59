"""The check of one review at the edges of what is allowed."""

import pytest

from contract.checks import check_review
from contract.errors import ReviewError
from contract.limits import MAX_REVIEW_CHARACTERS


@pytest.mark.parametrize(
    "review", ["x", "\U0001f3ac", "x" * MAX_REVIEW_CHARACTERS, " good ", "\x01 \ufeff"]
)
def test_lets_reviews_pass_unchanged(review: str) -> None:
    assert check_review(review) == review


@pytest.mark.parametrize(
    ("review", "code", "status"),
    [
        (None, "wrong_type", 400),
        (True, "wrong_type", 400),
        (["a"], "wrong_type", 400),
        ("", "empty_review", 400),
        (" \n\t\u2003", "empty_review", 400),
        ("x" * (MAX_REVIEW_CHARACTERS + 1), "review_too_long", 413),
        ("good\0bad", "invalid_text", 400),
        ("half a pair \ud83c", "invalid_text", 400),
    ],
)
def test_refuses_with_the_contracts_code(review: object, code: str, status: int) -> None:
    with pytest.raises(ReviewError) as caught:
        check_review(review)
    assert (caught.value.code, caught.value.status) == (code, status)
