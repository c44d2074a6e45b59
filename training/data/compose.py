"""Compose one-line verdicts from hand-written templates and word lists.

A network that only ever saw whole reviews takes "I didn't like it" for praise: in a long text the
word "like" matters more than what stands before it. The templates (`phrases/templates.csv`) put the
same words under negation, contrast, comparison and irony for both labels alike, so that none of
them gives the label away. All but the plainest are by somebody who had not seen the cases of the
behaviour suite.
"""

import csv
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.data.readers import DataError, Review, drop_leaks

FOLDER: Final = Path(__file__).with_name("phrases")
SLOT: Final = re.compile(r"\{(\w+)\}")
# How often a text begins in lower case although its template does not.
CARELESS: Final = 0.15


@dataclass(frozen=True)
class Template:
    """A sentence with slots such as `{good}`; whatever fills them, the label is right."""

    kind: str
    label: str
    template: str


def read_templates(path: Path = FOLDER / "templates.csv") -> list[Template]:
    """Read the templates, the same number of each label in every kind."""
    return [Template(**row) for row in _rows(path)]


def read_words(path: Path = FOLDER / "words.csv") -> dict[str, list[str]]:
    """Read the words that fit each slot."""
    words: dict[str, list[str]] = {}
    for row in _rows(path):
        words.setdefault(row["slot"], []).append(row["word"])
    return words


def compose(
    count: int, labels: Sequence[str], seed: int, left_out: Sequence[str] = ()
) -> list[Review]:
    """Compose up to `count` labelled texts, kinds and labels in equal shares; raises DataError.

    The labels of the templates have to be among `labels`, or no text would have a label to learn.
    What happens to be one of the texts `left_out` (those of the behaviour suite) is dropped.
    """
    templates, words = read_templates(), read_words()
    needed = {template.label for template in templates}
    if not needed <= set(labels):
        raise DataError(
            f"expected the labels {', '.join(sorted(needed))} to learn phrases for, found "
            f"{', '.join(labels)}; no phrases can be composed for these."
        )
    groups: dict[tuple[str, str], list[Template]] = {}
    for template in templates:
        groups.setdefault((template.kind, template.label), []).append(template)
    order, places = random.Random(seed), list(groups.values())
    chosen = (order.choice(places[number % len(places)]) for number in range(count))
    composed = [
        Review(f"phrase-{number}", fill(template.template, words, order), template.label)
        for number, template in enumerate(chosen)
    ]
    return drop_leaks(composed, [Review("left out", text, None) for text in left_out])[0]


def fill(template: str, words: dict[str, list[str]], order: random.Random) -> str:
    """Fill every slot with a word of its list, and begin with a capital letter, mostly."""
    text = SLOT.sub(lambda slot: order.choice(words[slot[1]]), template)
    first = text[:1].lower() if order.random() < CARELESS else text[:1].upper()
    return first + text[1:]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, strict=True)
