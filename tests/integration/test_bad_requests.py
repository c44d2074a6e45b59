"""What an unfit request gets: the same status, code and shape through both doors."""

import json

import pytest

from tests.integration.conftest import Door, error_of

UNFIT = [
    pytest.param(b"", 400, "not_json", id="no body"),
    pytest.param(b"not json", 400, "not_json", id="not JSON"),
    pytest.param(b'{"review": "cut', 400, "not_json", id="cut JSON"),
    pytest.param(b'{"review": "\xff"}', 400, "not_json", id="not UTF-8"),
    pytest.param(b"[" * 100_000, 400, "not_json", id="nested without end"),
    pytest.param([], 400, "wrong_type", id="an array"),
    pytest.param("text", 400, "wrong_type", id="a string"),
    pytest.param(None, 400, "wrong_type", id="null"),
    pytest.param({"review": 5}, 400, "wrong_type", id="number"),
    pytest.param({"review": ["text"]}, 400, "wrong_type", id="array for a review"),
    pytest.param({"reviews": "text"}, 400, "wrong_type", id="string for reviews"),
    pytest.param({}, 400, "missing_review", id="no field"),
    pytest.param({"review": "a", "reviews": ["b"]}, 400, "missing_review", id="both fields"),
    pytest.param({"reviews": []}, 400, "missing_review", id="no reviews"),
    pytest.param({"review": ""}, 400, "empty_review", id="empty"),
    pytest.param({"review": " \n\t\u3000"}, 400, "empty_review", id="white space"),
    pytest.param({"review": "a", "lang": "en"}, 400, "unknown_field", id="unknown field"),
    pytest.param({"review": "half a pair: \ud83d"}, 400, "invalid_text", id="lone surrogate"),
    pytest.param({"review": "nul \0 inside"}, 400, "invalid_text", id="NUL"),
    pytest.param({"review": "x" * 50_001}, 413, "review_too_long", id="50,001 characters"),
    pytest.param({"reviews": ["x"] * 129}, 413, "too_many_reviews", id="129 reviews"),
    pytest.param({"review": "x" * 3_000_000}, 413, "body_too_large", id="3 MB"),
]


@pytest.mark.parametrize(("body", "status", "code"), UNFIT)
def test_unfit_request(door: Door, body: object, status: int, code: str) -> None:
    reply = door(body)
    assert reply.status == status
    assert reply.headers["content-type"].startswith("application/json")
    assert error_of(reply)["code"] == code


def test_service_is_well_after_unfit_requests(door: Door) -> None:
    for case in UNFIT:
        door(case.values[0])
    assert door({"review": "Still here."}).status == 200


def test_largest_body_that_fits_is_scored(door: Door) -> None:
    body = json.dumps({"reviews": ["so good " * 1_950] * 128}).encode()
    assert 1_990_000 < len(body) <= 2_000_000
    reply = door(body)
    assert reply.status == 200
    assert all("label" in prediction for prediction in reply.json["predictions"])
