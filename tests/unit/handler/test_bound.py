"""One batch holds no more work than one largest request."""

from contract.cost import LARGEST_REQUEST, request_cost
from contract.errors import ReviewError
from contract.limits import MAX_BODY_BYTES, MAX_REVIEW_CHARACTERS, MAX_REVIEWS
from contract.request import Request
from handler.bound import bounded

LARGEST = Request(("a" * (MAX_BODY_BYTES // MAX_REVIEWS),) * MAX_REVIEWS, many=True)
SHORT = Request(("Fine.",), many=False)


def test_the_bound_is_the_cost_of_the_largest_request() -> None:
    assert 0.9 * LARGEST_REQUEST < request_cost(LARGEST.reviews) <= LARGEST_REQUEST
    longest = request_cost(
        ["a" * MAX_REVIEW_CHARACTERS] * (MAX_BODY_BYTES // MAX_REVIEW_CHARACTERS)
    )
    assert longest < LARGEST_REQUEST


def test_a_batch_of_largest_requests_is_scored_one_at_a_time() -> None:
    kept = list(bounded([LARGEST] * 32))
    assert kept[0] is LARGEST
    refused = [each for each in kept[1:] if isinstance(each, ReviewError)]
    assert len(refused) == 31
    assert (refused[0].code, refused[0].status) == ("queue_full", 429)


def test_short_requests_find_room_beside_a_large_one() -> None:
    unfit = ReviewError("not_json", "Expected JSON.")
    assert list(bounded([LARGEST, SHORT, unfit, LARGEST, SHORT]))[:3] == [LARGEST, SHORT, unfit]
