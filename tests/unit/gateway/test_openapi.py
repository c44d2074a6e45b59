"""The API's description: valid, true to the code's limits, and true to what the gateway answers."""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from _pytest.mark import ParameterSet
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from contract.limits import MAX_BODY_BYTES, MAX_REVIEW_CHARACTERS, MAX_REVIEWS
from gateway.app import create_app
from gateway.docs import read_document
from tests.unit.gateway.fake_torchserve import (
    EXPLANATION,
    NO_PLACE,
    PREDICTION,
    FakeTorchServe,
    Reply,
    as_json,
    model_state,
)

ROOT = Path(__file__).parents[3]
DOCUMENT = read_document()
PREDICT = DOCUMENT["paths"]["/predict"]["post"]
ITEM_ERROR = {"error": {"code": "empty_review", "message": "Expected text."}}


@pytest.fixture
def client(torchserve: FakeTorchServe) -> FlaskClient:
    return create_app(torchserve.settings()).test_client()


def errors_against(schema: dict[str, Any], value: Any) -> list[str]:
    """List what is wrong with a value; the document's components are at hand to the schema."""
    validator = OAS31Validator({**schema, "components": DOCUMENT["components"]})
    return [error.message for error in validator.iter_errors(value)]


def described(path: str, method: str, response: TestResponse) -> dict[str, Any]:
    """Return the description of a response, which has to have one."""
    responses: dict[str, Any] = DOCUMENT["paths"][path][method]["responses"]
    return cast("dict[str, Any]", responses[str(response.status_code)])


def examples() -> Iterator[ParameterSet]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                for content in response["content"].values():
                    values = [example["value"] for example in content.get("examples", {}).values()]
                    values += [content["example"]] if "example" in content else []
                    for value in values:
                        yield pytest.param(content["schema"], value, id=f"{method} {path} {status}")


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_the_document_is_served(client: FlaskClient) -> None:
    response = client.get("/openapi.json", buffered=True)
    assert response.mimetype == "application/json"
    assert response.json == DOCUMENT


def test_the_document_states_the_codes_limits() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["Review"]["maxLength"] == MAX_REVIEW_CHARACTERS
    assert schemas["Request"]["oneOf"][1]["properties"]["reviews"]["maxItems"] == MAX_REVIEWS
    assert f"{MAX_BODY_BYTES:,} bytes" in PREDICT["requestBody"]["description"]


def test_a_review_of_white_space_is_unfit_by_the_document_as_by_the_code() -> None:
    pattern = re.compile(DOCUMENT["components"]["schemas"]["Review"]["pattern"])
    for character in map(chr, range(sys.maxunicode + 1)):
        assert bool(pattern.search(character)) == bool(character.strip()), hex(ord(character))


@pytest.mark.parametrize(
    ("review", "fits"),
    [("A joy.", True), ("\f\n", False), ("\u3000", False), ("a\0b", False), ("", False)],
)
def test_a_review_fits_the_document_if_it_is_taken(
    client: FlaskClient, review: str, fits: bool
) -> None:
    assert (errors_against({"$ref": "#/components/schemas/Review"}, review) == []) == fits
    assert (client.post("/predict", json={"review": review}).status_code == 200) == fits


@pytest.mark.parametrize(("schema", "value"), list(examples()))
def test_every_example_fits_its_schema(schema: dict[str, Any], value: Any) -> None:
    assert errors_against(schema, value) == []


@pytest.mark.parametrize("example", ["one", "many"])
def test_every_example_request_is_taken(client: FlaskClient, example: str) -> None:
    content = PREDICT["requestBody"]["content"]["application/json"]
    value = content["examples"][example]["value"]
    assert errors_against(content["schema"], value) == []
    assert client.post("/predict", json=value).status_code == 200


def test_every_address_of_the_document_answers_as_described(client: FlaskClient) -> None:
    for path, methods in DOCUMENT["paths"].items():
        if "get" in methods:
            response = client.get(path, buffered=True)
            assert response.mimetype in described(path, "get", response)["content"]


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (as_json(200, PREDICTION), 200),
        (as_json(200, {"predictions": [PREDICTION, ITEM_ERROR]}), 200),
        (as_json(400, ITEM_ERROR), 400),
        (as_json(413, ITEM_ERROR), 413),
        (NO_PLACE, 429),
        (Reply(500), 502),
        (Reply(404), 503),
    ],
)
def test_answers_of_torchserve_arrive_as_described(
    client: FlaskClient, torchserve: FakeTorchServe, reply: Reply, status: int
) -> None:
    torchserve.prediction = reply
    response = client.post("/predict", json={"review": "A fine film."})
    assert response.status_code == status
    description = described("/predict", "post", response)
    assert errors_against(description["content"]["application/json"]["schema"], response.json) == []
    for header in set(description.get("headers", {})) - {"X-Request-Id", "X-Model-Version"}:
        assert header in response.headers


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (as_json(200, EXPLANATION), 200),
        (as_json(500, {"error": {"code": "explanation_failed", "message": "Expected."}}), 502),
        (as_json(501, {"error": {"code": "cannot_explain", "message": "Expected."}}), 501),
        (Reply(500), 502),
    ],
)
def test_explanations_of_torchserve_arrive_as_described(
    client: FlaskClient, torchserve: FakeTorchServe, reply: Reply, status: int
) -> None:
    torchserve.explanation = reply
    response = client.post("/explain", json={"review": "A fine film."})
    assert response.status_code == status
    content = described("/explain", "post", response)["content"]["application/json"]
    assert errors_against(content["schema"], response.json) == []


def test_the_model_is_described_as_described(client: FlaskClient) -> None:
    response = client.get("/model")
    content = described("/model", "get", response)["content"]["application/json"]
    assert errors_against(content["schema"], response.json) == []


def test_a_timeout_arrives_as_described(torchserve: FakeTorchServe) -> None:
    torchserve.go_on.clear()
    client = create_app(torchserve.settings(read_timeout_seconds=0.2)).test_client()
    response = client.post("/predict", json={"review": "A fine film."})
    assert response.status_code == 504
    schema = described("/predict", "post", response)["content"]["application/json"]["schema"]
    assert errors_against(schema, response.json) == []


def test_readiness_arrives_as_described(client: FlaskClient, torchserve: FakeTorchServe) -> None:
    torchserve.state = model_state()
    response = client.get("/readyz")
    description = described("/readyz", "get", response)
    assert errors_against(description["content"]["application/json"]["schema"], response.json) == []
    assert set(description["headers"]) <= set(response.headers.keys())


@pytest.mark.parametrize(
    ("status", "example", "body"),
    [
        ("400", "not_json", b"{'"),
        ("400", "wrong_type", b'{"review": 5}'),
        ("400", "unknown_field", b'{"review": "a", "stars": 5}'),
        ("400", "missing_review", b"{}"),
        ("400", "empty_review", b'{"review": ""}'),
        ("400", "invalid_text", b'{"review": "abc\\ud800"}'),
        ("413", "review_too_long", json.dumps({"review": "a" * 50_001}).encode()),
        ("413", "too_many_reviews", json.dumps({"reviews": ["a"] * 129}).encode()),
        ("413", "body_too_large", b" " * 2_000_001),
    ],
)
def test_the_error_examples_are_the_real_answers(
    client: FlaskClient, status: int, example: str, body: bytes
) -> None:
    response = client.post("/predict", data=body, content_type="application/json")
    described_examples = PREDICT["responses"][status]["content"]["application/json"]["examples"]
    assert response.status_code == int(status)
    assert response.json == described_examples[example]["value"]


def test_the_docs_page_shows_every_address_and_status(client: FlaskClient) -> None:
    page = client.get("/docs").text
    for path, methods in DOCUMENT["paths"].items():
        assert path in page
        for operation in methods.values():
            for status in operation["responses"]:
                assert f"<code>{status}</code>" in page


def test_the_docs_page_shows_examples_in_the_order_of_the_contract(client: FlaskClient) -> None:
    page = client.get("/docs").text
    assert page.index("&#34;label&#34;") < page.index("&#34;confidence&#34;")
    assert "<code>review</code>" in page
    assert "`" not in page.partition("<h3>Responses</h3>")[0]


def test_the_docs_page_lets_every_route_be_tried_and_shows_how_to_call_it(
    client: FlaskClient,
) -> None:
    page = client.get("/docs").text
    operations = sum(len(methods) for methods in DOCUMENT["paths"].values())
    assert page.count('<button type="button" hidden>Send</button>') == operations
    for language in ("curl", "Python", "JavaScript"):
        assert page.count(f"<summary>{language}</summary>") == operations


def test_the_docs_page_needs_no_inline_script_or_style_and_nothing_from_elsewhere(
    client: FlaskClient,
) -> None:
    page = client.get("/docs").text
    assert page.count("<script") == page.count('<script type="module" src="/docs/docs.js">') == 1
    assert "style=" not in page
    assert "<style" not in page
    assert "://" not in page.replace("http://127.0.0.1:8000", "")
    addresses = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert {"/docs/docs.css", "/docs/docs.js"} <= set(addresses)
    for address in set(addresses) - {"/", "/favicon.svg"}:  # these two come with the built page
        assert client.get(address, buffered=True).status_code == 200, address


def test_the_pages_types_are_made_from_it() -> None:
    digest = hashlib.sha256((ROOT / "gateway/openapi.json").read_bytes()).hexdigest()
    first = (ROOT / "ui/src/api/schema.ts").read_text("utf-8").partition("\n")[0]
    stale = "run `python -m serving.npm run types` and commit ui/src/api/schema.ts"
    assert first == f"// gateway/openapi.json, sha-256 {digest}", stale
