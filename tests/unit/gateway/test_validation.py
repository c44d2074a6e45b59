"""The gateway judges a request by the contract, and leaves the items of a list to the handler."""

import json

import pytest

from gateway.errors import GatewayError
from gateway.validation import check_content_type, read_request

UNFIT = {
    "an empty body": (b"", 400, "not_json", "found something else at line 1, column 1"),
    "plain text": (b"a fine film", 400, "not_json", "line 1, column 1"),
    "half a body": (b'{"review": "a fi', 400, "not_json", "line 1, column 12"),
    "single quotes": (b"{'review': 'text'}", 400, "not_json", "line 1, column 2"),
    "Latin-1": ('{"review": "café"}'.encode("latin-1"), 400, "not_json", "JSON in UTF-8"),
    "UTF-16": ('{"review": "text"}'.encode("utf-16"), 400, "not_json", "JSON in UTF-8"),
    "a byte-order mark": (b'\xef\xbb\xbf{"review": "text"}', 400, "not_json", "JSON in UTF-8"),
    "a raw NUL byte": (b'{"review": "a\0b"}', 400, "not_json", "line 1, column 14"),
    "endless nesting": (b"[" * 200_000, 400, "not_json", "JSON in UTF-8"),
    "an endless number": (b'{"review": ' + b"9" * 5000 + b"}", 400, "not_json", "JSON in UTF-8"),
    "null": (b"null", 400, "wrong_type", "found null"),
    "a bare string": (b'"text"', 400, "wrong_type", "found a string"),
    "a bare list": (b'["text"]', 400, "wrong_type", "found an array"),
    "a bare number": (b"5", 400, "wrong_type", "found a number"),
    "an unknown field": (b'{"text": "a"}', 400, "unknown_field", "found also 'text'; remove it"),
    "a field too many": (
        b'{"review": "a", "stars": 5}',
        400,
        "unknown_field",
        "found also 'stars'",
    ),
    "no field": (b"{}", 400, "missing_review", "found neither"),
    "both fields": (b'{"review": "a", "reviews": ["b"]}', 400, "missing_review", "found both"),
    "a review of null": (b'{"review": null}', 400, "wrong_type", "found null"),
    "a review of true": (b'{"review": true}', 400, "wrong_type", "found a boolean"),
    "a review of 5": (b'{"review": 5}', 400, "wrong_type", "found a number"),
    "a review of 0.5": (b'{"review": 0.5}', 400, "wrong_type", "found a number"),
    "a list as review": (b'{"review": ["text"]}', 400, "wrong_type", "found an array"),
    "an object as review": (b'{"review": {}}', 400, "wrong_type", "found an object"),
    "a string as reviews": (b'{"reviews": "text"}', 400, "wrong_type", "found a string"),
    "no reviews": (b'{"reviews": []}', 400, "missing_review", "found an empty list"),
    "an empty review": (b'{"review": ""}', 400, "empty_review", "white space or nothing"),
    "white space": (b'{"review": " \\n\\t\\u00a0\\u3000"}', 400, "empty_review", "white space"),
    "a NUL": (b'{"review": "a\\u0000b"}', 400, "invalid_text", "NUL"),
    "a high surrogate": (b'{"review": "a\\ud83d"}', 400, "invalid_text", "position 1"),
    "a low surrogate": (b'{"review": "\\udc00a"}', 400, "invalid_text", "position 0"),
    "a long review": (
        json.dumps({"review": "a" * 50_001}).encode(),
        413,
        "review_too_long",
        "at most 50,000 characters, found 50,001",
    ),
    "many reviews": (
        json.dumps({"reviews": ["a"] * 129}).encode(),
        413,
        "too_many_reviews",
        "at most 128 reviews, found 129",
    ),
}

FIT = {
    "one review": (b'{"review": "A fine film."}', 1),
    "a list of one": (b'{"reviews": ["A fine film."]}', 1),
    "white space around": (b' \n{"review": "A fine film."}\n', 1),
    "an emoji as a surrogate pair": (b'{"review": "\\ud83d\\ude00"}', 1),
    "raw emoji": ('{"review": "😀 schön 好"}'.encode(), 1),
    "50,000 characters": (json.dumps({"review": "好" * 50_000}, ensure_ascii=False).encode(), 1),
    "128 reviews": (json.dumps({"reviews": ["a"] * 128}).encode(), 128),
    # One unfit item of a list gets an error in its place, from the handler.
    "unfit items": (b'{"reviews": ["fine", "", 5, null, "\\ud800", "a\\u0000b"]}', 6),
    "an item too long": (json.dumps({"reviews": ["a" * 50_001, "fine"]}).encode(), 2),
}


@pytest.mark.parametrize(("body", "status", "code", "found"), UNFIT.values(), ids=UNFIT.keys())
def test_an_unfit_body_gets_its_code_and_what_was_found(
    body: bytes, status: int, code: str, found: str
) -> None:
    with pytest.raises(GatewayError) as caught:
        read_request(body)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert caught.value.message.startswith("Expected ")
    assert found in caught.value.message


@pytest.mark.parametrize(("body", "reviews"), FIT.values(), ids=FIT.keys())
def test_a_fit_body_is_counted(body: bytes, reviews: int) -> None:
    assert len(read_request(body).reviews) == reviews


@pytest.mark.parametrize(
    "body",
    [
        b'{"review": "my secret opinion\\ud800"}',
        b'{"review": "my secret opinion',
        b'{"reviews": "my secret opinion"}',
    ],
)
def test_no_message_repeats_what_a_person_wrote(body: bytes) -> None:
    with pytest.raises(GatewayError) as caught:
        read_request(body)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/problem+json",
        "",
        None,
    ],
)
def test_json_and_an_undeclared_body_are_taken(content_type: str | None) -> None:
    check_content_type(content_type)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"],
)
def test_another_content_type_is_refused_with_the_header_to_send(content_type: str | None) -> None:
    with pytest.raises(GatewayError, match="content-type: application/json") as caught:
        check_content_type(content_type)
    assert (caught.value.status, caught.value.code) == (400, "not_json")
