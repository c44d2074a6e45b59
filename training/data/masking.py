"""Choose what a masked language model has to guess: whole words, at a rate that falls over time."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.data.tokenizer import SPECIAL_TOKENS

FIRST_RATE: Final = 0.30
LAST_RATE: Final = 0.15
# Devlin et al. 2019: of the chosen words 80 % become <mask>, 10 % random pieces, 10 % stay.
_MASKED, _RANDOM = 0.8, 0.1
_SPACE: Final = "Ġ"  # byte-level BPE writes the space before a word like this
_SPECIAL, _LETTER, _DIGIT, _MARK, _BARE_SPACE = range(5)


@dataclass(frozen=True)
class Vocabulary:
    """What masking has to know of each piece: its kind of character, and if a space precedes."""

    kinds: NDArray[np.uint8]
    spaced: NDArray[np.bool_]
    mask_id: int

    @property
    def ordinary(self) -> NDArray[np.int64]:
        """Ids of the pieces that are not special tokens."""
        return np.flatnonzero(self.kinds != _SPECIAL)

    def words(self, tokens: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number the words of (rows, length) tokens, -1 at special tokens.

        A word starts after a space or where letters, digits and punctuation meet: "don't" is one.
        """
        kinds = self.kinds[tokens]
        opens = self.spaced[tokens]
        opens[:, 0] = True
        before = kinds[:, :-1]
        opens[:, 1:] |= (kinds[:, 1:] != before) & (before != _BARE_SPACE)
        numbers = np.cumsum(opens).reshape(tokens.shape) - 1
        return np.where(kinds == _SPECIAL, -1, numbers)


@dataclass(frozen=True)
class Masked:
    """A corrupted batch, (rows, length), and the flat places of the tokens to guess."""

    tokens: NDArray[np.int64]
    places: NDArray[np.int64]


def read_vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    """Look at every piece of a byte-level tokenizer."""
    ids = tokenizer.get_vocab()
    pieces = sorted(ids, key=ids.__getitem__)
    return Vocabulary(
        np.array([_kind(piece) for piece in pieces], dtype=np.uint8),
        np.array([piece.startswith(_SPACE) for piece in pieces]),
        ids["<mask>"],
    )


def _kind(piece: str) -> int:
    if piece in SPECIAL_TOKENS:
        return _SPECIAL
    if piece == _SPACE:
        return _BARE_SPACE
    first = piece.removeprefix(_SPACE)[:1]
    if first.isascii() and first.isdigit():
        return _DIGIT
    # Bytes beyond ASCII, written as other characters, are parts of letters far more often than not.
    return _LETTER if first.isalpha() or first == "'" or not first.isascii() else _MARK


def mask_rate(progress: float) -> float:
    """Return the share of tokens to guess at a share of the run: from 30 % down to 15 %.

    High at first, low at last does better than any constant rate (Yang et al. 2023, "Learning
    Better Masking for Better Language Model Pre-training").
    """
    return FIRST_RATE + (LAST_RATE - FIRST_RATE) * min(progress, 1.0)


def mask_words(
    tokens: NDArray[np.int64],
    vocabulary: Vocabulary,
    rate: float,
    generator: np.random.Generator,
    always_mask: bool = False,
) -> Masked:
    """Corrupt whole words until `rate` of the batch's tokens are chosen.

    With `always_mask` each chosen token becomes <mask>, as ELECTRA's generator wants it.
    """
    words = vocabulary.words(tokens)
    fates = _fates(words, rate, generator)
    chosen = fates < 1
    hidden = chosen & ((fates < _MASKED) | always_mask)
    corrupted = np.where(hidden, vocabulary.mask_id, tokens)
    swapped = chosen & ~hidden & (fates < _MASKED + _RANDOM)
    corrupted[swapped] = generator.choice(vocabulary.ordinary, int(swapped.sum()))
    return Masked(corrupted, np.flatnonzero(chosen))


def _fates(
    words: NDArray[np.int64], rate: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Draw one number per word, below 1 for as many words as make up the rate, else 1.

    Special tokens, word -1, find a 1 at the end.
    """
    ids, sizes = np.unique(words[words >= 0], return_counts=True)
    order = generator.permutation(len(ids))
    count = int(np.searchsorted(np.cumsum(sizes[order]), rate * sizes.sum())) + 1
    of_word = np.ones(int(words.max()) + 2)
    of_word[ids[order[:count]]] = generator.random(len(order[:count]))
    return of_word[words]
