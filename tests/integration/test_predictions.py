"""Reviews in, verdicts out: the same through both doors."""

import random

import pytest

from tests.integration.conftest import Door, direct, error_of
from tests.stack import Stack, send

REVIEW = "Two hours of fine acting, and an ending that I did not see coming."
WORDS = (
    *("the", "film", "was", "not", "good", "at", "all", "but", "music", "wonderful"),
    *("plot", "dull", "actors", "brilliant", "waste", "of", "time", "loved", "every", "minute"),
)


def some_reviews(count: int, seed: int) -> list[str]:
    """Return reviews of 1 to 120 words, different from each other in length and in verdict."""
    words = random.Random(seed)
    return [" ".join(words.choices(WORDS, k=words.randint(1, 120))) for _ in range(count)]


def check_prediction(prediction: dict[str, object], labels: list[str]) -> None:
    """Hold a prediction to the contract: its fields, its labels, probabilities that sum to 1."""
    fields = ["label", "confidence", "probabilities", "certain", "tokens", "truncated"]
    assert list(prediction) == fields
    assert isinstance(prediction["certain"], bool)
    probabilities = prediction["probabilities"]
    assert isinstance(probabilities, dict)
    assert list(probabilities) == labels
    assert sum(probabilities.values()) == pytest.approx(1.0, abs=1e-6)
    assert prediction["confidence"] == max(probabilities.values())
    assert probabilities[prediction["label"]] == prediction["confidence"]
    assert isinstance(prediction["tokens"], int)
    assert prediction["tokens"] > 0


def test_one_review(door: Door, labels: list[str]) -> None:
    reply = door({"review": "A fine film."})
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("application/json")
    check_prediction(reply.json, labels)
    assert reply.json["truncated"] is False


@pytest.mark.parametrize("count", [1, 7, 128])
def test_reviews_are_answered_in_request_order(door: Door, labels: list[str], count: int) -> None:
    reviews = some_reviews(count, seed=count)
    reply = door({"reviews": reviews})
    assert reply.status == 200
    predictions = reply.json["predictions"]
    assert len(predictions) == count
    for index in {0, count // 2, count - 1}:
        check_prediction(predictions[index], labels)
        alone = door({"review": reviews[index]}).json
        assert predictions[index]["tokens"] == alone["tokens"]
        assert predictions[index]["probabilities"] == pytest.approx(
            alone["probabilities"], abs=1e-3
        )


def test_unfit_reviews_leave_their_neighbours_alone(door: Door, labels: list[str]) -> None:
    mixed = [REVIEW, "", REVIEW, 7, None, "x" * 50_001, "nul \0 inside", " \n\t", REVIEW]
    predictions = door({"reviews": mixed}).json["predictions"]
    codes = [answer["error"]["code"] if "error" in answer else None for answer in predictions]
    assert codes == [
        *(None, "empty_review", None, "wrong_type", "wrong_type"),
        *("review_too_long", "invalid_text", "empty_review", None),
    ]
    for index in (0, 2, 8):
        check_prediction(predictions[index], labels)


@pytest.mark.parametrize(
    "review",
    [
        pytest.param("Großartig, très émouvant, 素晴らしい映画, потрясающе, رائع", id="scripts"),
        pytest.param("🎬🍿 10/10 👩‍👩‍👧‍👦 would cry again 😭😭😭", id="emoji"),
        pytest.param("cafe\u0301 \u202eright to left\u202c zero\u200bwidth", id="combining"),
        pytest.param("<br /><br /><script>alert('no')</script> fine", id="markup"),
        pytest.param("!", id="one sign"),
    ],
)
def test_any_unicode_text_is_a_review(door: Door, labels: list[str], review: str) -> None:
    reply = door({"review": review})
    assert reply.status == 200
    check_prediction(reply.json, labels)


def test_longest_review_is_cut_and_says_so(door: Door, labels: list[str]) -> None:
    reply = door({"review": ("A film of no end. " * 3000)[:50_000]})
    assert reply.status == 200
    check_prediction(reply.json, labels)
    assert reply.json["truncated"] is True


def test_longest_review_in_four_byte_characters(door: Door, labels: list[str]) -> None:
    reply = door({"review": "🎬" * 50_000})
    assert reply.status == 200
    check_prediction(reply.json, labels)


def test_response_tells_where_the_time_went(door: Door, request: pytest.FixtureRequest) -> None:
    timing = door({"review": REVIEW}).headers["server-timing"]
    assert "tokenize;dur=" in timing
    assert "inference;dur=" in timing
    assert ("gateway;dur=" in timing) == ("gateway]" in request.node.name)


@pytest.mark.parametrize(("method", "content_type"), [("POST", "text/plain"), ("PUT", None)])
def test_plain_text_straight_to_torchserve(
    stack: Stack, labels: list[str], method: str, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    reply = send(
        f"{stack.inference_url}/predictions/sentiment",
        method,
        "Très, très bien.".encode(),
        {**stack.token("inference"), **headers},
    )
    assert reply.status == 200
    check_prediction(reply.json, labels)


def test_plain_text_that_is_not_utf8(stack: Stack) -> None:
    reply = direct(stack)(b"caf\xe9", content_type="text/plain")
    assert reply.status == 400
    assert error_of(reply)["code"] == "invalid_text"
