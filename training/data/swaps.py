"""Exchange names, places and numbers in training texts: no verdict may hang on them."""

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache

# A number beside these is a rating, which is a verdict.
_RATING = r"(?!\s*(?:/|out of|stars?|points?|%|percent|\d))"
_NUMBER = re.compile(
    rf"(?<![\d./:-])(?:1[89]\d\d|20[012]\d|[2-9]\d|[1-9]\d\d)\b{_RATING}(?![./:-]\d)"
)

Slots = Mapping[str, Sequence[str]]


def swap_some(texts: Sequence[str], slots: Slots, share: float, seed: int) -> list[str]:
    """Return the texts, a share of them with other names and numbers, the same for a seed."""
    draw = random.Random(seed)
    return [swap(text, slots, draw) if draw.random() < share else text for text in texts]


def swap(text: str, slots: Slots, draw: random.Random) -> str:
    """Replace every known name by one of its list, and numbers; one name always by the same."""
    groups = _groups(tuple((name, tuple(words)) for name, words in slots.items()))
    pattern, kind_of = groups
    chosen: dict[str, str] = {}

    def other(match: re.Match[str]) -> str:
        word = match.group()
        if word not in chosen:
            chosen[word] = draw.choice(list(slots[kind_of[word]]))
        return chosen[word]

    def number(match: re.Match[str]) -> str:
        found = int(match.group())
        span = (1890, 2025) if found >= 1800 else (20, 99) if found < 100 else (100, 999)
        return str(draw.randint(*span))

    return _NUMBER.sub(number, pattern.sub(other, text))


@cache
def _groups(
    slots: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[re.Pattern[str], dict[str, str]]:
    kind_of = {word: name for name, words in slots for word in words}
    words = sorted(kind_of, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b"), kind_of
