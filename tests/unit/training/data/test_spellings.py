"""The ways in which people type: what is changed, and that everything else stays."""

import random

import pytest

from training.data.spellings import SPELLINGS, mistyped, stretched


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("capitals", "I DIDN'T LIKE IT, AT ALL!"),
        ("small letters", "i didn't like it, at all!"),
        ("no punctuation", "I didnt like it  at all "),
    ],
)
def test_a_spelling_changes_every_letter_or_sign(name: str, expected: str) -> None:
    assert SPELLINGS[name]("I didn't like it, at all!", random.Random(0)) == expected


@pytest.mark.parametrize("name", ["stretched words", "typos"])
def test_a_tenth_of_the_long_words_is_changed(name: str) -> None:
    words = ["wonderful"] * 500 + ["bad"] * 500
    typed = SPELLINGS[name](" ".join(words), random.Random(0)).split()
    assert typed[500:] == ["bad"] * 500
    assert 30 <= sum(word != "wonderful" for word in typed[:500]) <= 70


def test_a_stretched_word_repeats_its_last_vowel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.data.spellings.STRETCHED_SHARE", 1.0)
    assert len(stretched("good", random.Random(0))) in range(6, 10)
    assert stretched("good", random.Random(0)).strip("gd").strip("o") == ""


def test_a_typo_keeps_the_letters_and_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.data.spellings.MISTYPED_SHARE", 1.0)
    typo = mistyped("dreadful", random.Random(1))
    assert sorted(typo) == sorted("dreadful")
    assert (typo[0], typo[-1]) == ("d", "l")


def test_the_same_seed_gives_the_same_text() -> None:
    text = "some words that are long enough to be changed " * 20
    assert mistyped(text, random.Random(3)) == mistyped(text, random.Random(3))
