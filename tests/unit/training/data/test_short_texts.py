"""The short texts of this project's own writing: sound, balanced, and none of the suite's cases."""

import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from training.data.short_texts import FOLDER, read_slots, short_targets, short_texts
from training.data.swaps import swap, swap_some
from training.evaluation.behaviour import read_cases, texts_of

SLOTS = {"names": ("Ann", "Bob", "Cem"), "places": ("Rome", "Oslo")}


def folded(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip() or text


def test_no_case_of_the_behaviour_suite_is_learned() -> None:
    learned = {folded(text) for text, _ in short_texts(FOLDER, 1, seed=0)}
    assert not learned & {folded(text) for text in texts_of(read_cases())}


def test_labels_are_balanced_and_every_fourth_text_has_none() -> None:
    counts = Counter(label for _, label in short_texts(FOLDER, 1, seed=0))
    assert counts["positive"] == pytest.approx(counts["negative"], rel=0.01)
    assert counts[None] > 0.25 * counts.total()


def test_repeats_bring_other_names_and_the_same_labels() -> None:
    once, twice = (short_texts(FOLDER, repeats, seed=0) for repeats in (1, 2))
    count = len(once)
    assert twice[:count] == once
    assert [label for _, label in twice[count:]] == [label for _, label in once]
    assert 0 < sum(a != b for a, b in zip(once, twice[count:], strict=True)) < count


def test_targets_are_smoothed_and_even_without_a_verdict() -> None:
    targets = short_targets([("good", "positive"), ("so", None)], ("negative", "positive"))
    assert np.allclose(targets, [[0.01, 0.99], [0.5, 0.5]])


def test_a_name_is_exchanged_for_one_of_its_list_everywhere() -> None:
    swapped = swap("Ann met Bob in Rome. Ann left.", SLOTS, random.Random(3))
    first, second, place, again = re.findall(r"Ann|Bob|Cem|Rome|Oslo", swapped)
    assert first == again
    assert {first, second} <= set(SLOTS["names"])
    assert place in SLOTS["places"]


@pytest.mark.parametrize(
    "text", ["8/10", "7 out of 10 for this", "I give it 85 %.", "30 stars", "Annual", "a 9"]
)
def test_ratings_and_parts_of_words_stay(text: str) -> None:
    assert swap(text, SLOTS, random.Random(0)) == text


def test_years_and_counts_change_within_their_kind() -> None:
    swapped = swap("Made in 1994, 104 minutes.", SLOTS, random.Random(0))
    year, minutes = map(int, re.findall(r"\d+", swapped))
    assert 1890 <= year <= 2025
    assert 100 <= minutes <= 999


def test_a_share_of_the_texts_is_exchanged_the_same_for_a_seed() -> None:
    texts = ["Ann saw it in 1994."] * 200
    changed = [text != texts[0] for text in swap_some(texts, SLOTS, 0.5, seed=1)]
    assert 70 < sum(changed) < 130
    assert swap_some(texts, SLOTS, 0.5, seed=1) == swap_some(texts, SLOTS, 0.5, seed=1)


def test_common_words_are_no_names(tmp_path: Path) -> None:
    names = {name for words in read_slots(FOLDER).values() for name in words}
    assert not names & {"Will", "Grace", "Hope", "May", "Nice", "Turkey", "Rose"}
