"""What a request costs to score, told from its text alone, before anything of it is tokenized.

The unit is the work that one character of an ordinary review makes. The network reads a bounded
number of tokens however long a review is; cleaning and tokenization read all of it, much faster.
"""

from collections.abc import Iterable
from typing import Final

# About 512 tokens of English, more than any checkpoint of this project reads.
READ_CHARACTERS: Final = 2_048
# Characters that are cleaned and tokenized in the time in which the network reads one.
CHARACTERS_PER_UNIT: Final = 16
# What a review costs that has next to no text.
OVERHEAD: Final = 100
# The largest request that the limits allow: 128 reviews in 2 MB.
LARGEST_REQUEST: Final = 400_000


def review_cost(review: object) -> int:
    """Return the cost of one item, which may be unfit: an error costs next to nothing."""
    length = len(review) if isinstance(review, str) else 0
    return OVERHEAD + min(length, READ_CHARACTERS) + length // CHARACTERS_PER_UNIT


def request_cost(reviews: Iterable[object]) -> int:
    """Return the cost of all reviews of a request."""
    return sum(map(review_cost, reviews))
