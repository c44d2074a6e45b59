"""Tokenize a corpus once into memory-mapped arrays, keyed by its content and the tokenizer."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer
from tqdm import tqdm

from handler import cleaning
from handler.files import whole_folder
from training.data.readers import DataError

_CHUNK = 2_000


@dataclass(frozen=True)
class Corpus:
    """Pieces of all texts, one after the other: text i is pieces[starts[i]:starts[i + 1]].

    `ends` holds, for each piece, the offset in its text (characters) at which the piece ends.
    """

    pieces: NDArray[np.uint16]
    starts: NDArray[np.int64]
    ends: NDArray[np.unsignedinteger]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> NDArray[np.uint16]:
        return self.pieces[self.starts[index] : self.starts[index + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of pieces of each text, special tokens excluded."""
        return np.diff(self.starts)


def encode_corpus(
    texts: Sequence[str], clean: Callable[[str], str], tokenizer: Tokenizer, cache: Path
) -> Corpus:
    """Return the tokenized texts, from the cache if it has them; an entry is written whole."""
    if tokenizer.get_vocab_size() > 1 << 16:
        raise DataError(
            f"expected a vocabulary of at most {1 << 16} pieces (kept as 16-bit ids), "
            f"found {tokenizer.get_vocab_size()}"
        )
    entry = cache / _key(texts, clean.__name__, tokenizer)
    if not entry.is_dir():
        _write(texts, clean, tokenizer, entry)
    arrays = [
        np.load(entry / f"{name}.npy", mmap_mode="r") for name in ("pieces", "starts", "ends")
    ]
    return Corpus(*arrays)


def _key(texts: Sequence[str], profile: str, tokenizer: Tokenizer) -> str:
    digest = hashlib.sha256(json.dumps([profile, tokenizer.to_str(), len(texts)]).encode())
    digest.update(Path(cleaning.__file__).read_bytes())  # another cleaning makes other pieces
    for text in texts:
        digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    return digest.hexdigest()[:16]


def _write(
    texts: Sequence[str], clean: Callable[[str], str], tokenizer: Tokenizer, entry: Path
) -> None:
    pieces, ends, lengths = [], [], []
    for encoding in tqdm(
        _encodings(texts, clean, tokenizer), "tokenize", len(texts), unit=" texts"
    ):
        pieces.append(np.array(encoding.ids, dtype=np.uint16))
        ends.append(np.array([end for _, end in encoding.offsets], dtype=np.uint32))
        lengths.append(len(encoding.ids))
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    corpus = Corpus(np.concatenate(pieces), starts, _narrowed(np.concatenate(ends)))
    _write_entry(corpus, entry)


def _write_entry(corpus: Corpus, entry: Path) -> None:
    with whole_folder(entry) as staging:
        for name, array in vars(corpus).items():
            np.save(staging / f"{name}.npy", array)


def _encodings(
    texts: Sequence[str], clean: Callable[[str], str], tokenizer: Tokenizer
) -> Iterator[Encoding]:
    for start in range(0, len(texts), _CHUNK):
        cleaned = [clean(text) for text in texts[start : start + _CHUNK]]
        yield from tokenizer.encode_batch(cleaned, add_special_tokens=False)


def _narrowed(offsets: NDArray[np.uint32]) -> NDArray[np.unsignedinteger]:
    """Keep offsets in 16 bits unless a text is longer than these count."""
    return offsets.astype(np.uint16) if offsets.max(initial=0) < 1 << 16 else offsets
