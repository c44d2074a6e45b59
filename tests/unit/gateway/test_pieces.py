"""A list is cut into requests of bounded cost, and its answers are put together in order."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.cost import request_cost
from contract.request import Request, parse_body
from gateway.errors import GatewayError
from gateway.pieces import cut, join
from gateway.torchserve import Answer

JSON = "application/json"


def answer(count: int, timing: str = "", status: int = 200) -> Answer:
    return Answer(status, json.dumps({"predictions": list(range(count))}).encode(), timing)


@given(st.lists(st.one_of(st.text(max_size=3_000), st.none(), st.integers()), min_size=1))
def test_every_review_is_in_one_piece_in_its_place(reviews: list[object]) -> None:
    body = json.dumps({"reviews": reviews}).encode()
    request = Request(tuple(reviews), many=True)
    pieces = cut(request, body, largest=4_000)
    parts = [parse_body(piece.body, JSON).reviews for piece in pieces]
    assert [review for part in parts for review in part] == reviews
    assert [piece.cost for piece in pieces] == [request_cost(part) for part in parts]
    assert all(
        piece.cost <= 4_000 or len(part) == 1 for piece, part in zip(pieces, parts, strict=True)
    )


@pytest.mark.parametrize("many", [True, False])
def test_what_is_small_stays_as_it_came(many: bool) -> None:
    request = Request(("Fine.",), many)
    assert [piece.body for piece in cut(request, b'  {"as": "it came"}', 4_000)] == [
        b'  {"as": "it came"}'
    ]


def test_half_of_a_surrogate_pair_is_left_to_the_handler() -> None:
    reviews = ["a" * 3_000, "\ud83d", "好" * 3_000]
    pieces = cut(Request(tuple(reviews), many=True), b"", largest=3_000)
    parts = [json.loads(piece.body)["reviews"] for piece in pieces]
    assert [review for part in parts for review in part] == reviews


def test_answers_are_joined_in_order_and_batches_counted_once() -> None:
    timing = 'tokenize;dur=1.00, inference;dur=2.50;desc="int8"'
    later = 'tokenize;dur=0.50, inference;dur=1.00;desc="int8"'
    joined = join([answer(2, timing), answer(1, timing), answer(3, later)])
    assert json.loads(joined.body) == {"predictions": [0, 1, 0, 0, 1, 2]}
    assert joined.server_timing == 'tokenize;dur=1.50, inference;dur=3.50;desc="int8"'


def test_one_piece_keeps_its_answer_byte_by_byte() -> None:
    only = Answer(200, b'{"label":  "positive"}', "")
    assert join([only]) is only


def test_the_first_error_is_the_answer() -> None:
    unfit = Answer(400, b'{"error": {}}', "")
    assert join([answer(1), unfit, answer(1)]) is unfit


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff"])
def test_an_answer_that_holds_no_predictions_is_a_502(body: bytes) -> None:
    with pytest.raises(GatewayError, match="found something else") as caught:
        join([answer(1), Answer(200, body, "")])
    assert (caught.value.status, caught.value.retry_after) == (502, 1)
