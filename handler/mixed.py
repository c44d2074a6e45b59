"""Whether a review is of two minds: sentences that contradict each other with confidence."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol

# A sentence takes part if the model is this sure of it when it stands alone.
CONFIDENT: Final = 0.75
# What the second-strongest label needs of the confident sentences, by number and in characters.
SHARE: Final = 0.3


class Judged(Protocol):
    """A sentence with its place and the verdict on it alone."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def confidence(self) -> float: ...


def is_mixed(sentences: Iterable[Judged]) -> bool:
    """Whether confident sentences of a second label are a good part, by number and by length."""
    counts: Counter[str] = Counter()
    lengths: Counter[str] = Counter()
    for sentence in sentences:
        if sentence.confidence >= CONFIDENT:
            counts[sentence.label] += 1
            lengths[sentence.label] += sentence.end - sentence.start
    return all(_is_divided(weights) for weights in (counts, lengths))


def _is_divided(weights: Counter[str]) -> bool:
    if len(weights) < 2:
        return False
    second = weights.most_common(2)[1][1]
    return second >= SHARE * weights.total()
