"""What openapi.json promises about requests and answers is what the contract holds."""

import dataclasses
import json
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from contract.answer import Prediction
from contract.errors import STATUS_OF_CODE, ReviewError
from contract.explanation import Explained, Explanation, Sentence, WordShare
from contract.feedback import FIELDS as REPORT_FIELDS
from contract.limits import MAX_REVIEW_CHARACTERS, MAX_REVIEWS
from contract.model import Model
from contract.request import FIELDS

ROOT = Path(__file__).parents[3]
DOCUMENT = json.loads((ROOT / "gateway" / "openapi.json").read_text("utf-8"))
SCHEMAS: dict[str, dict[str, Any]] = DOCUMENT["components"]["schemas"]
JSON_TYPES = {str: "string", float: "number", bool: "boolean", int: "integer"}
EXAMPLES = [
    (int(status), example["value"]["error"]["code"])
    for operations in DOCUMENT["paths"].values()
    for operation in operations.values()
    for status, response in operation["responses"].items()
    for content in response.get("content", {}).values()
    for example in content.get("examples", {}).values()
    if "error" in example["value"]
]


def names(kind: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


# What is answered beside the contract's dataclass is the gateway's own.
@pytest.mark.parametrize(
    ("fields", "schema"),
    [
        (names(Prediction), SCHEMAS["Prediction"]),
        (names(WordShare), SCHEMAS["Word"]),
        (names(Sentence), SCHEMAS["Sentence"]),
        (names(Explained), SCHEMAS["Explanation"]["properties"]["explained"]),
        ([*names(Prediction), *names(Explanation)[1:]], SCHEMAS["Explanation"]),
        (["name", *names(Model), "limits", "feedback"], SCHEMAS["Model"]),
        (list(REPORT_FIELDS), SCHEMAS["Report"]),
    ],
    ids=["prediction", "word", "sentence", "explained", "explanation", "model", "report"],
)
def test_an_object_has_the_fields_that_are_described_and_no_others(
    fields: list[str], schema: dict[str, Any]
) -> None:
    assert schema["additionalProperties"] is False
    assert sorted(schema["required"]) == sorted(schema["properties"]) == sorted(fields)


def test_a_prediction_is_sent_with_all_its_fields() -> None:
    sent = Prediction("positive", 0.9, {"positive": 0.9}, True, 3, False).as_json()
    assert list(sent) == [field.name for field in dataclasses.fields(Prediction)]


@pytest.mark.parametrize(
    ("kind", "schema"),
    [(Prediction, "Prediction"), (WordShare, "Word"), (Sentence, "Sentence"), (Model, "Model")],
)
def test_a_field_has_the_type_that_is_described(kind: type, schema: str) -> None:
    for name, hint in get_type_hints(kind).items():
        if hint in JSON_TYPES:
            described = SCHEMAS[schema]["properties"][name]
            assert described.get("type") == JSON_TYPES[hint], name


def test_a_request_has_the_fields_and_the_limits_that_are_described() -> None:
    one, many = SCHEMAS["Request"]["oneOf"]
    assert (*one["required"], *many["required"]) == FIELDS
    assert not one["additionalProperties"]
    assert not many["additionalProperties"]
    assert many["properties"]["reviews"]["maxItems"] == MAX_REVIEWS
    assert SCHEMAS["Review"]["maxLength"] == MAX_REVIEW_CHARACTERS


def test_an_error_has_the_shape_that_is_described() -> None:
    sent: Any = ReviewError("not_json", "Expected JSON.").as_json()
    described = SCHEMAS["Error"]
    assert list(sent) == described["required"]
    assert sorted(sent["error"]) == sorted(described["properties"]["error"]["required"])


@pytest.mark.parametrize(
    ("status", "code"), [pair for pair in EXAMPLES if pair[1] in STATUS_OF_CODE]
)
def test_a_code_has_the_status_that_is_described(status: int, code: str) -> None:
    assert STATUS_OF_CODE[code] == status
