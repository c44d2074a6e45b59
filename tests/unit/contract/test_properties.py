"""Whatever is sent, the contract either takes it or names one of its errors."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.answer import answer_error, answer_request
from contract.checks import check_review
from contract.errors import STATUS_OF_CODE, ReviewError
from contract.feedback import FIELDS, Report, parse_report
from contract.limits import MAX_REVIEW_CHARACTERS, MAX_REVIEWS
from contract.request import Request, parse_body

JSON = "application/json"

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
# Bodies that come near to what is expected are drawn more often than chance would.
bodies = values | st.dictionaries(st.sampled_from(("review", "reviews", "text")), values)
reports = values | st.fixed_dictionaries(
    {"consent": st.just(True) | values},
    optional={name: st.text(min_size=1) | values for name in FIELDS if name != "consent"},
)


def taken(body: object, content_type: str = JSON) -> Request | ReviewError:
    try:
        return parse_body(body, content_type)
    except ReviewError as error:
        return error


def is_named(error: ReviewError) -> bool:
    """Whether an error is one of the contract's, says what was expected, and can be sent."""
    sent = json.loads(answer_error(error).body)["error"]
    as_it_is = sent == {"code": error.code, "message": error.message}
    return as_it_is and STATUS_OF_CODE[error.code] == error.status and "xpected" in error.message


def reported(body: bytes) -> Report | ReviewError:
    try:
        return parse_report(body)
    except ReviewError as error:
        return error


def checked(review: object) -> str | ReviewError:
    try:
        return check_review(review)
    except ReviewError as error:
        return error


@given(bodies)
def test_any_json_value_is_a_request_or_a_named_error(value: Any) -> None:
    read = taken(json.dumps(value).encode())
    if isinstance(read, ReviewError):
        assert is_named(read)
        return
    assert isinstance(value, dict)
    expected = value["reviews"] if read.many else [value["review"]]
    assert list(read.reviews) == expected
    assert len(read.reviews) <= MAX_REVIEWS


@given(st.binary(), st.sampled_from((JSON, "text/plain", "", "application/problem+json; x=y")))
def test_any_bytes_are_a_request_or_a_named_error(body: bytes, content_type: str) -> None:
    read = taken(body, content_type)
    assert is_named(read) if isinstance(read, ReviewError) else len(read.reviews) >= 1


@given(bodies)
def test_a_decoded_body_is_read_like_its_bytes(value: Any) -> None:
    decoded, raw = taken(value), taken(json.dumps(value).encode())
    assert type(decoded) is type(raw)
    if isinstance(decoded, ReviewError) and isinstance(raw, ReviewError):
        assert (decoded.code, decoded.message) == (raw.code, raw.message)
    else:
        assert decoded == raw


@given(values | st.text(alphabet=st.characters(exclude_categories=())))
def test_any_review_is_taken_unchanged_or_refused_with_a_named_error(review: Any) -> None:
    text = checked(review)
    if isinstance(text, ReviewError):
        assert is_named(text)
        return
    assert text is review
    assert text.strip()
    assert len(text) <= MAX_REVIEW_CHARACTERS
    assert text.encode("utf-8").decode("utf-8") == text


@given(reports)
def test_any_json_value_is_a_report_with_consent_or_a_named_error(value: Any) -> None:
    report = reported(json.dumps(value).encode())
    if isinstance(report, ReviewError):
        assert is_named(report)
        return
    assert value["consent"] is True
    assert report == Report(*(value[name] for name in FIELDS if name != "consent"))


@given(st.binary())
def test_any_bytes_are_no_report_but_a_named_error(body: bytes) -> None:
    with pytest.raises(ReviewError) as caught:
        parse_report(body)
    assert is_named(caught.value)


@given(st.lists(st.sampled_from(sorted(STATUS_OF_CODE)), min_size=1, max_size=5))
def test_errors_among_many_keep_their_places(codes: list[str]) -> None:
    errors = [ReviewError(code, f"Expected better than {code}.") for code in codes]
    response = answer_request(Request(tuple(codes), many=True), errors)
    answers = json.loads(response.body)["predictions"]
    assert response.status == 200
    assert [answer["error"]["code"] for answer in answers] == codes
