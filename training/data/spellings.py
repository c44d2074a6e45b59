"""The ways in which people type: capitals, stretched words, typos, no punctuation."""

import random
import re
from collections.abc import Callable, Mapping
from typing import Final

_WORD: Final = re.compile(r"[A-Za-z]{4,}")
_STRETCHABLE: Final = re.compile(r"[aeiou](?=[a-z]*$)", re.IGNORECASE)
_PUNCTUATION: Final = re.compile(r"[.,;:!?\"()'-]+")
STRETCHED_SHARE: Final = 0.1
MISTYPED_SHARE: Final = 0.1

Spelling = Callable[[str, random.Random], str]


def in_capitals(text: str, _: random.Random) -> str:
    """Return the text in capitals; markup stays markup."""
    return text.upper()


def in_small_letters(text: str, _: random.Random) -> str:
    """Return the text without a capital."""
    return text.lower()


def stretched(text: str, draw: random.Random) -> str:
    """Repeat the last vowel of every tenth word of four letters and more: `goood`."""
    return _some_words(text, draw, STRETCHED_SHARE, lambda word: _stretch(word, draw))


def mistyped(text: str, draw: random.Random) -> str:
    """Exchange two inner neighbours in every tenth word of four letters and more: `flim`."""
    return _some_words(text, draw, MISTYPED_SHARE, lambda word: _exchange(word, draw))


def without_punctuation(text: str, _: random.Random) -> str:
    """Put a space in the place of punctuation, apostrophes left out: `dont`."""
    return _PUNCTUATION.sub(" ", text.replace("'", "").replace("<br />", " "))


SPELLINGS: Final[Mapping[str, Spelling]] = {
    "capitals": in_capitals,
    "small letters": in_small_letters,
    "stretched words": stretched,
    "typos": mistyped,
    "no punctuation": without_punctuation,
}


def _some_words(text: str, draw: random.Random, share: float, change: Callable[[str], str]) -> str:
    return _WORD.sub(lambda found: change(found[0]) if draw.random() < share else found[0], text)


def _stretch(word: str, draw: random.Random) -> str:
    vowels = list(_STRETCHABLE.finditer(word))
    if not vowels:
        return word
    place = vowels[-1].start()
    return word[:place] + word[place] * draw.randint(3, 6) + word[place + 1 :]


def _exchange(word: str, draw: random.Random) -> str:
    place = draw.randrange(1, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
