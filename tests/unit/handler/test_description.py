"""A checkpoint is told apart by its checksum and described by its card, if it has one."""

from pathlib import Path

import pytest

from handler.checkpoint import read_settings
from handler.description import describe, version

CARD = """---
language: en
domain: film reviews
model-index:
- name: checkpoint
  results:
  - metrics:
    - type: accuracy
      value: 0.9
    - type: ece
      value: 0.01
---

# Card
"""


def test_the_card_gives_language_domain_and_figures(tiny_checkpoint: Path) -> None:
    (tiny_checkpoint / "README.md").write_text(CARD)
    model = describe(tiny_checkpoint, read_settings(tiny_checkpoint), "torch-fp32").as_json()
    assert model == {
        "version": version(tiny_checkpoint),
        "labels": ("bad", "fair", "good"),
        "language": "en",
        "domain": "film reviews",
        "max_length": 64,
        "threshold": 0.0,
        "engine": "torch-fp32",
        "figures": {"accuracy": 0.9, "ece": 0.01},
    }


@pytest.mark.parametrize(
    "card",
    [None, "", "# Card", "---\n- list\n---\n", "---\na: [\n---\n", "---\nmodel-index: 5\n---\n"],
)
def test_a_card_without_front_matter_says_nothing(card: str | None, tiny_checkpoint: Path) -> None:
    if card is not None:
        (tiny_checkpoint / "README.md").write_text(card)
    model = describe(tiny_checkpoint, read_settings(tiny_checkpoint), "torch-fp32")
    assert (model.language, model.domain, model.figures) == (None, None, {})


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_any_other_file_content_is_another_version(name: str, tiny_checkpoint: Path) -> None:
    before = version(tiny_checkpoint)
    assert len(before) == 12
    (tiny_checkpoint / "README.md").write_text("another card")
    assert version(tiny_checkpoint) == before
    (tiny_checkpoint / name).write_bytes((tiny_checkpoint / name).read_bytes() + b" ")
    assert version(tiny_checkpoint) != before
