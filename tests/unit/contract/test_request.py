"""Bodies of requests and answers: what is read, what is written, which error unfit ones get."""

import json
from http import HTTPStatus

import pytest

from contract.answer import answer_error, answer_request
from contract.errors import ReviewError
from contract.request import Request, parse_body

JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"review": "Fine."}', JSON, Request(("Fine.",), many=False)),
        (
            bytearray(b'{"review": "Fine."}'),
            "Application/JSON; charset=utf-8",
            Request(("Fine.",), many=False),
        ),
        ({"review": "Fine."}, JSON, Request(("Fine.",), many=False)),
        ({"reviews": ["a", 5]}, "application/vnd.api+json", Request(("a", 5), many=True)),
        (b"Fine.", "text/plain", Request(("Fine.",), many=False)),
        ("Fine.", "text/plain; charset=utf-8", Request(("Fine.",), many=False)),
        (
            b'{"review": "looks like JSON"}',
            "text/plain",
            Request(('{"review": "looks like JSON"}',), many=False),
        ),
        ("Schön 🎬".encode(), "", Request(("Schön 🎬",), many=False)),
    ],
)
def test_reads_reviews(body: object, content_type: str, expected: Request) -> None:
    assert parse_body(body, content_type) == expected


@pytest.mark.parametrize(
    ("body", "content_type", "code", "status"),
    [
        (b"{", JSON, "not_json", 400),
        (b"", JSON, "not_json", 400),
        (b'{"review": "\xff"}', JSON, "not_json", 400),
        (b"[" * 100_000, JSON, "not_json", 400),
        ("a JSON string", JSON, "wrong_type", 400),
        (b"[]", JSON, "wrong_type", 400),
        (None, JSON, "wrong_type", 400),
        ({"reviews": "not a list"}, JSON, "wrong_type", 400),
        ({"reviews": {"0": "a"}}, JSON, "wrong_type", 400),
        ({"review": "a", "text": "b"}, JSON, "unknown_field", 400),
        ({"\ud800": "b"}, JSON, "unknown_field", 400),
        ({}, JSON, "missing_review", 400),
        ({"review": "a", "reviews": ["b"]}, JSON, "missing_review", 400),
        ({"reviews": []}, JSON, "missing_review", 400),
        ({"reviews": ["a"] * 129}, JSON, "too_many_reviews", 413),
        (b"x" * 2_000_001, "text/plain", "body_too_large", 413),
        (b"caf\xe9", "text/plain", "invalid_text", 400),
        ({"review": "a"}, "text/plain", "wrong_type", 400),
    ],
)
def test_refuses_unfit_bodies(body: object, content_type: str, code: str, status: int) -> None:
    with pytest.raises(ReviewError) as caught:
        parse_body(body, content_type)
    assert (caught.value.code, caught.value.status) == (code, status)
    assert json.loads(answer_error(caught.value).body)["error"]["code"] == code


def test_single_error_gives_its_status() -> None:
    response = answer_request(Request(("",), many=False), [ReviewError("review_too_long", "long")])
    assert (response.status, response.phrase) == (413, HTTPStatus(413).phrase)


def test_error_among_many_stays_in_its_place() -> None:
    unfit = ReviewError("empty_review", "Schön leer.")
    response = answer_request(Request(("",), many=True), [unfit])
    assert response.status == 200
    assert (
        response.body
        == '{"predictions":[{"error":{"code":"empty_review","message":"Schön leer."}}]}'.encode()
    )
