"""Encode reviews: clean, tokenize, and cut to the checkpoint's maximum length."""

from dataclasses import dataclass

from tokenizers import Tokenizer

from handler.checkpoint import Settings, Truncation
from handler.cleaning import PROFILES

# Sun et al. 2019, "How to Fine-Tune BERT for Text Classification": 128 of 510 pieces from the head.
HEAD_FRACTION = 0.25


@dataclass(frozen=True)
class Encoded:
    """One review as token ids, special tokens included, and whether pieces were cut away."""

    ids: list[int]
    truncated: bool

    @property
    def tokens(self) -> int:
        """Number of tokens that the network sees."""
        return len(self.ids)


class Encoder:
    """Turns reviews into token ids; the same object serves training and serving."""

    def __init__(self, tokenizer: Tokenizer, settings: Settings) -> None:
        self._tokenizer = tokenizer
        self._clean = PROFILES[settings.cleaning]
        self._truncation: Truncation = settings.truncation
        self._prefix = _known_ids(tokenizer, "<s>")
        self._suffix = _known_ids(tokenizer, "</s>")
        self._room = settings.max_length - len(self._prefix) - len(self._suffix)

    def encode(self, reviews: list[str]) -> list[Encoded]:
        """Clean, tokenize and cut each review; the order is kept."""
        cleaned = [self._clean(review) for review in reviews]
        encodings = self._tokenizer.encode_batch_fast(cleaned, add_special_tokens=False)
        return [self._finish(encoding.ids) for encoding in encodings]

    def _finish(self, pieces: list[int]) -> Encoded:
        kept = truncate(pieces, self._room, self._truncation)
        return Encoded([*self._prefix, *kept, *self._suffix], truncated=len(kept) < len(pieces))


def truncate(pieces: list[int], room: int, truncation: Truncation) -> list[int]:
    """Cut to `room` pieces: the first ones, or the first quarter and the rest from the end."""
    if len(pieces) <= room:
        return pieces
    if truncation == "head":
        return pieces[:room]
    head = int(room * HEAD_FRACTION)
    return pieces[:head] + pieces[len(pieces) - (room - head) :]


def _known_ids(tokenizer: Tokenizer, token: str) -> list[int]:
    token_id = tokenizer.token_to_id(token)
    return [] if token_id is None else [token_id]
