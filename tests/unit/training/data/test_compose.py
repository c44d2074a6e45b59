"""Composed phrases: balanced, free of give-away words, and none of them a case of the suite."""

import random
from collections import Counter

import pytest

from training.data.compose import SLOT, Template, compose, fill, read_templates, read_words
from training.data.readers import DataError

LABELS = ("negative", "positive")
NEGATIONS = ("n't", "not ", "never ", "no ", "nothing ", "without ")


def count(label: str, sign: str = "", kind: str = "") -> int:
    return sum(
        each.label == label and sign in f"{each.template.lower()} " and kind in each.kind
        for each in read_templates()
    )


def test_every_kind_has_as_many_templates_of_each_label() -> None:
    for kind in {template.kind for template in read_templates()}:
        assert count("positive", kind=kind) == count("negative", kind=kind) > 0


@pytest.mark.parametrize("sign", [*NEGATIONS, "but ", "better"])
def test_no_single_word_gives_the_label_away(sign: str) -> None:
    positive, negative = count("positive", sign), count("negative", sign)
    assert abs(positive - negative) <= 0.25 * (positive + negative)


def test_every_slot_has_words_and_no_template_stands_twice() -> None:
    templates, words = read_templates(), read_words()
    used = {slot for each in templates for slot in SLOT.findall(each.template)}
    assert used == words.keys()
    assert len({each.template for each in templates}) == len(templates)


def test_no_word_is_both_good_and_bad() -> None:
    words = read_words()
    assert not set(words["good"]) & set(words["bad"])


def test_composed_texts_are_balanced_and_filled() -> None:
    texts = compose(2000, LABELS, seed=1)
    labels = Counter(text.label for text in texts)
    assert labels.keys() == set(LABELS)
    assert abs(labels["positive"] - labels["negative"]) < 50
    assert not any(sign in text.text for text in texts for sign in "{}")


def test_same_seed_composes_the_same_texts() -> None:
    assert compose(50, LABELS, seed=1) == compose(50, LABELS, seed=1)
    assert compose(50, LABELS, seed=1) != compose(50, LABELS, seed=2)


def test_texts_to_be_left_out_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    templates = [Template("plain", "positive", text) for text in ("A fine film.", "Watch it!")]
    monkeypatch.setattr("training.data.compose.read_templates", lambda: templates)
    texts = compose(100, LABELS, seed=1, left_out=["a fine film", "Something else."])
    assert {text.text.lower() for text in texts} == {"watch it!"}


def test_other_labels_are_refused() -> None:
    with pytest.raises(DataError, match=r"expected the labels negative, positive .* found 1, 2, 5"):
        compose(10, ("1", "2", "5"), seed=1)


@pytest.mark.parametrize(
    ("template", "usual", "careless"),
    [
        ("{good} {film}", "Fine film", "fine film"),
        ("I {liked} it", "I enjoyed it", "i enjoyed it"),
    ],
)
def test_slots_are_filled_and_most_texts_begin_with_a_capital(
    template: str, usual: str, careless: str
) -> None:
    words = {"good": ["fine"], "film": ["film"], "liked": ["enjoyed"]}
    order = random.Random(0)
    found = Counter(fill(template, words, order) for _ in range(200))
    assert found.keys() == {usual, careless}
    assert found[usual] > 2 * found[careless] > 0
