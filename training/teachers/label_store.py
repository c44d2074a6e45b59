"""A teacher's soft labels on disk: logits by a hash of each text, and no text.

They are small enough to be committed and shared: 8 bytes of hash and 2 bytes per label and text.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from tqdm import tqdm

from handler.files import whole_file
from training.data.readers import DataError, Review

_PIECE = 4_000

LogitsOf = Callable[[Sequence[Review]], NDArray[np.float32]]


def label_softly(
    reviews: Sequence[Review], logits_of: LogitsOf, labels: Sequence[str], path: Path
) -> None:
    """Write a teacher's logits for all reviews; what a stop leaves is not computed again."""
    pieces = path.with_suffix(".pieces")
    pieces.mkdir(parents=True, exist_ok=True)
    starts = range(0, len(reviews), _PIECE)
    for start in tqdm(starts, "soft labels", unit=f" x {_PIECE} texts"):
        piece = reviews[start : start + _PIECE]
        name = hashlib.sha256(hashes(piece).tobytes()).hexdigest()[:16]
        if not (pieces / f"{name}.npz").exists():
            _save(pieces / f"{name}.npz", piece, logits_of(piece), labels)
    join_pieces(pieces, path)


def join_pieces(folder: Path, path: Path) -> None:
    """Put all pieces of a folder into one file, sorted by hash."""
    parts = [np.load(piece) for piece in sorted(folder.glob("*.npz"))]
    found, logits = (
        np.concatenate([part[name] for part in parts]) for name in ("hashes", "logits")
    )
    _write_sorted(path, found, logits, parts[0]["labels"])


def read_soft_labels(
    path: Path, texts: Sequence[str], labels: Sequence[str]
) -> NDArray[np.float32]:
    """Return the teacher's probabilities (texts, labels); raises DataError for other texts."""
    return np.asarray(softmax(read_logits(path, texts, labels), axis=1))


def read_logits(path: Path, texts: Sequence[str], labels: Sequence[str]) -> NDArray[np.float32]:
    """Return the teacher's logits (texts, labels); raises DataError for other texts."""
    with np.load(path) as stored:
        known, logits, taught = stored["hashes"], stored["logits"], stored["labels"].tolist()
    if taught != list(labels):
        raise DataError(
            f"{path}: expected soft labels for {', '.join(labels)}, found {', '.join(taught)}; "
            "let the teacher label this data set."
        )
    wanted = np.array([text_hash(text) for text in texts], dtype=np.uint64)
    places = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    missing = int((known[places] != wanted).sum())
    if missing:
        raise DataError(
            f"{path}: expected soft labels of these {len(texts)} texts, found none for {missing}; "
            "they are a teacher's answers to other texts: run `python -m training.teach`."
        )
    return np.asarray(logits[places], dtype=np.float32)


def write_soft_labels(
    path: Path, reviews: Sequence[Review], logits: NDArray[np.floating], labels: Sequence[str]
) -> None:
    """Write logits (reviews, labels) by each text's hash, sorted; a text that comes twice once."""
    _write_sorted(path, hashes(reviews), logits.astype(np.float16), np.array(labels))


def _write_sorted(
    path: Path, found: NDArray[np.uint64], logits: NDArray[np.float16], labels: NDArray[Any]
) -> None:
    known, first = np.unique(found, return_index=True)
    _write(path, hashes=known, logits=logits[first], labels=labels)


def text_hash(text: str) -> int:
    """Return the first 8 bytes of a text's sha-256."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def hashes(reviews: Sequence[Review]) -> NDArray[np.uint64]:
    """Return the hash of each review's text."""
    return np.array([text_hash(review.text) for review in reviews], dtype=np.uint64)


def _save(
    path: Path, reviews: Sequence[Review], logits: NDArray[np.float32], labels: Sequence[str]
) -> None:
    _write(path, hashes=hashes(reviews), logits=logits.astype(np.float16), labels=np.array(labels))


def _write(path: Path, **arrays: Any) -> None:
    with whole_file(path) as partial:
        np.savez(partial, **arrays)
