"""The largest request that is taken."""

from typing import Final

# Room for the longest review in any script (50,000 characters are at most 200 kB of UTF-8), or for
# 128 usual ones of 1.3 kB ten times over; a body of this size takes about 10 ms to check.
MAX_BODY_BYTES: Final = 2_000_000
MAX_REVIEW_CHARACTERS: Final = 50_000
MAX_REVIEWS: Final = 128
