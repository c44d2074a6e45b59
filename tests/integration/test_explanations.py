"""Why, through real TorchServe: mixed batches, offsets of the text as sent, the model's name."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from client import Client, ServiceError
from tests.integration.conftest import post
from tests.stack import Stack

REVIEW = "A <b>fine</b> film &amp; a dull ending.<br />I liked the music 😀, not the plot."


def test_a_batch_of_predictions_and_explanations_gets_the_right_answers(stack: Stack) -> None:
    access = stack.token("inference")
    kinds = ["predictions", "explanations"] * 8

    def ask(number: int) -> tuple[str, dict[str, object]]:
        url = f"{stack.inference_url}/{kinds[number]}/sentiment"
        reply = post(url, access, {"review": f"{number} {REVIEW}"})
        assert reply.status == 200
        return reply.headers["x-model-version"], reply.json

    with ThreadPoolExecutor(len(kinds)) as clients:
        answers = list(clients.map(ask, range(len(kinds))))
    assert len({version for version, _ in answers}) == 1
    for kind, (_, answer) in zip(kinds, answers, strict=True):
        assert ("words" in answer) == (kind == "explanations")


def test_words_and_sentences_stand_where_they_were_sent(stack: Stack) -> None:
    found = Client(stack.gateway_url, timeout=120).explain(REVIEW)
    words = [REVIEW[word.start : word.end] for word in found.words]
    assert {"fine", "film", "&amp;", "dull", "plot"} <= set(words)
    assert sum(abs(word.contribution) for word in found.words) == pytest.approx(1)
    sentences = [REVIEW[sentence.start : sentence.end] for sentence in found.sentences]
    assert sentences[-1] == "I liked the music 😀, not the plot."
    assert found.read == ((0, len(REVIEW)),)
    assert found.prediction == Client(stack.gateway_url).predict(REVIEW)


def test_a_review_of_the_greatest_length_is_explained_where_it_was_read(stack: Stack) -> None:
    review = "It was not bad. " * 3_125
    found = Client(stack.gateway_url, timeout=120).explain(review)
    assert found.prediction.truncated
    assert found.read[0][0] == 0
    assert found.read[-1][1] == len(review)


def test_a_list_is_not_explained(stack: Stack) -> None:
    url = f"{stack.inference_url}/explanations/sentiment"
    reply = post(url, stack.token("inference"), {"reviews": ["Fine."]})
    assert (reply.status, reply.json["error"]["code"]) == (400, "one_review_only")


def test_the_model_tells_its_version_and_card(stack: Stack, labels: list[str]) -> None:
    client = Client(stack.gateway_url)
    model = client.model()
    assert model["labels"] == labels
    assert model["name"] == "sentiment"
    assert model["figures"]["accuracy"] > 0.5
    reply = post(f"{stack.gateway_url}/predict", {}, {"review": "Fine."})
    assert reply.headers["x-model-version"] == model["version"]


def test_feedback_is_off_unless_a_store_is_set(stack: Stack) -> None:
    client = Client(stack.gateway_url)
    with pytest.raises(ServiceError) as raised:
        client.report("Fine.", "negative", "positive", "1", consent=True)
    assert raised.value.code == "feedback_off"
