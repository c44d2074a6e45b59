"""The page's examples: the served model answers as a person would, or is known to miss them."""

import json
from typing import Any

import pytest

from client import Client
from contract.explanation import Explanation
from tests.stack import ROOT, Stack

EXAMPLES: list[dict[str, Any]] = json.loads((ROOT / "ui/src/examples/examples.json").read_text())


def agrees(found: Explanation, expected: str) -> bool:
    """Whether a person's answer, a label or `mixed`, is the model's, too."""
    return found.mixed if expected == "mixed" else found.prediction.label == expected


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_an_example_gets_what_the_page_promises(stack: Stack, example: dict[str, Any]) -> None:
    client = Client(stack.gateway_url, timeout=120)
    assert example["expected"] in (*client.model()["labels"], "mixed")
    found = client.explain(example["text"])
    # A weakness that a better model no longer has is no failure.
    assert example["weakness"] or agrees(found, example["expected"]), (
        f"{found.prediction.label}, {found.prediction.confidence:.3f}, mixed: {found.mixed}: "
        'set "weakness" in ui/src/examples/examples.json, and the page says so'
    )
