"""Read labelled reviews: the IMDb archive as it is (no files unpacked), or any CSV/TSV."""

import lzma
import random
import re
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import pandas as pd
import requests
from tqdm import tqdm

from contract.errors import UserError
from handler.files import whole_file

Split = Literal["train", "test", "unsup"]

OFFICIAL_ARCHIVE: Final = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
ARCHIVE_SUFFIXES: Final = (".tar.gz", ".tgz", ".tar.xz")
TABLE_SUFFIXES: Final = {".csv": ",", ".tsv": "\t"}
SPLIT_SIZES: Final[dict[Split, int]] = {"train": 25_000, "test": 25_000, "unsup": 50_000}
MIN_REVIEWS_PER_LABEL: Final = 5
_MEMBER: Final = re.compile(r"aclImdb/(train|test)/(pos|neg|unsup)/(\d+_\d+)\.txt")
_LABELS: Final = {"pos": "positive", "neg": "negative"}


class DataError(UserError):
    """The data does not fit; the message says what was expected, what was found, how to mend it."""


@dataclass(frozen=True)
class Review:
    """One review; the label is None where there is none (IMDb's unsup part)."""

    id: str
    text: str
    label: str | None


def is_archive(path: Path) -> bool:
    """Whether a path names IMDb's archive, the one data set known to be about films."""
    return path.name.endswith(ARCHIVE_SUFFIXES)


def read_split(
    path: Path | str,
    split: Split = "train",
    text_column: str | None = None,
    label_column: str | None = None,
) -> list[Review]:
    """Read one part of the IMDb archive, or a whole CSV/TSV; raises DataError."""
    path = Path(path)
    if is_archive(path):
        return read_archive(path)[split]
    if path.suffix in TABLE_SUFFIXES:
        return read_table(path, text_column or "review", label_column or "label")
    expected = ", ".join((*ARCHIVE_SUFFIXES, *TABLE_SUFFIXES))
    raise DataError(f"{path}: expected a file ending in {expected}, found {path.name!r}.")


def read_archive(path: Path) -> dict[Split, list[Review]]:
    """Read all parts of the IMDb archive in one pass, each sorted by id.

    The same file is read once per process: unpacking it takes longer than most of what follows.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise DataError(f"{path}: expected the IMDb archive, found no such file.") from error
    return _read_archive(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)
def _read_archive(path: Path, size: int, modified: int) -> dict[Split, list[Review]]:
    parts: dict[Split, list[Review]] = {"train": [], "test": [], "unsup": []}
    try:
        for split, review in _stream(path):
            parts[split].append(review)
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        raise DataError(
            f"{path}: expected a whole tar archive, found one that is broken or cut short "
            f"({error}); download it again."
        ) from error
    _check_sizes(path, parts)
    return {
        split: sorted(reviews, key=lambda review: review.id) for split, reviews in parts.items()
    }


def _stream(path: Path) -> Iterator[tuple[Split, Review]]:
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            match = _MEMBER.fullmatch(member.name)
            content = archive.extractfile(member) if match else None
            if match and content:
                folder, kind, number = match.groups()
                split: Split = (
                    "unsup" if kind == "unsup" else "train" if folder == "train" else "test"
                )
                text = content.read().decode("utf-8")
                yield split, Review(f"{folder}/{kind}/{number}", text, _LABELS.get(kind))


def _check_sizes(path: Path, parts: dict[Split, list[Review]]) -> None:
    found = {split: len(reviews) for split, reviews in parts.items()}
    if found != SPLIT_SIZES:
        raise DataError(
            f"{path}: expected {SPLIT_SIZES} reviews, found {found}; the archive is not the "
            "official aclImdb_v1 or was cut short: download it again."
        )


def read_table(path: Path, text_column: str, label_column: str | None) -> list[Review]:
    """Read a CSV/TSV with named columns; a label column of None reads texts without labels."""
    try:
        frame = pd.read_csv(path, sep=TABLE_SUFFIXES[path.suffix], dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise DataError(f"{path}: expected a CSV or TSV file, found no such file.") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: expected UTF-8 CSV/TSV with a header line, found: {error}."
        ) from error
    if not isinstance(frame.index, pd.RangeIndex):  # pandas would take the first field for an index
        raise DataError(
            f"{path}: expected as many fields in a row as the header's {len(frame.columns)}, found "
            "more; put fields that contain the separator into quotes."
        )
    wanted = [text_column] if label_column is None else [text_column, label_column]
    for column in wanted:
        _check_column(path, frame, column)
    labels = (
        [None] * len(frame) if label_column is None else frame[label_column].str.strip().tolist()
    )
    return [
        Review(str(row), text, label)
        for row, (text, label) in enumerate(zip(frame[text_column].tolist(), labels, strict=True))
    ]


def _check_column(path: Path, frame: pd.DataFrame, column: str) -> None:
    if column not in frame.columns:
        raise DataError(
            f"{path}: expected a column named {column!r}, found "
            f"{', '.join(map(repr, frame.columns))}; name yours with --text-column and "
            "--label-column."
        )
    empty = frame.index[frame[column].str.strip().str.lower().isin(["", "nan"])].tolist()
    if empty:
        lines = ", ".join(str(row + 2) for row in empty[:5])
        raise DataError(
            f"{path}: expected a value in column {column!r} of every row, found {len(empty)} empty "
            f"or NaN (first at record {lines}, the header being 1); fill or remove these rows."
        )


def check_trainable(reviews: Sequence[Review], name: str = "the training data") -> list[str]:
    """Return the sorted labels; raises DataError for one label only or too few reviews of one."""
    counts: dict[str, int] = {}
    for review in reviews:
        if review.label is not None:
            counts[review.label] = counts.get(review.label, 0) + 1
    if len(counts) < 2:
        raise DataError(f"{name}: expected at least 2 different labels, found {sorted(counts)}.")
    scarce = {label: count for label, count in counts.items() if count < MIN_REVIEWS_PER_LABEL}
    if scarce:
        raise DataError(
            f"{name}: expected at least {MIN_REVIEWS_PER_LABEL} reviews of each label, found "
            f"{scarce}; add reviews or merge labels."
        )
    return sorted(counts)


def stratified_split(
    reviews: Sequence[Review], fractions: Sequence[float], seed: int
) -> list[list[Review]]:
    """Split into parts of the given fractions with the same share of each label in each part."""
    by_label: dict[str | None, list[Review]] = {}
    for review in reviews:
        by_label.setdefault(review.label, []).append(review)
    parts: list[list[Review]] = [[] for _ in fractions]
    for label in sorted(by_label, key=str):
        group = sorted(by_label[label], key=lambda review: review.id)
        random.Random(f"{seed}/{label}").shuffle(group)
        for part, (start, stop) in zip(parts, _bounds(len(group), fractions), strict=True):
            part += group[start:stop]
    return [sorted(part, key=lambda review: review.id) for part in parts]


def _bounds(count: int, fractions: Sequence[float]) -> Iterator[tuple[int, int]]:
    start, share = 0, 0.0
    for fraction in fractions:
        share += fraction
        stop = round(count * share)
        yield start, stop
        start = stop


@dataclass(frozen=True)
class Leaks:
    """How many training texts also stand in the test part, to the letter and normalised."""

    exact: int
    normalised: int


@dataclass(frozen=True)
class KnownTexts:
    """Texts that must not be among others: as they are, and but for case and punctuation."""

    exact: frozenset[str]
    normalised: frozenset[str]

    @classmethod
    def of(cls, reviews: Sequence[Review]) -> "KnownTexts":
        """Return the texts of reviews, normalised once."""
        texts = [review.text for review in reviews]
        return cls(frozenset(texts), frozenset(map(_normalise, texts)))

    def drop(self, reviews: Sequence[Review]) -> tuple[list[Review], Leaks]:
        """Return the reviews that are not among these, and how many were."""
        kept = [review for review in reviews if _normalise(review.text) not in self.normalised]
        found_exact = sum(review.text in self.exact for review in reviews)
        return kept, Leaks(found_exact, len(reviews) - len(kept))


def drop_leaks(train: Sequence[Review], test: Sequence[Review]) -> tuple[list[Review], Leaks]:
    """Remove from `train` each review of `test`, exact or the same but for case and punctuation."""
    return KnownTexts.of(test).drop(train)


def _normalise(text: str) -> str:
    """Return letters and digits of any script, or the text itself if it has none."""
    return "".join(re.findall(r"[^\W_]+", text.casefold().replace("<br />", " "))) or text


def download_imdb(path: Path) -> Path:
    """Download the official IMDb archive unless `path` exists; written whole, then renamed."""
    if path.exists():
        return path
    with whole_file(path) as partial:
        try:
            _download(partial)
        except requests.RequestException as error:
            raise DataError(
                f"{OFFICIAL_ARCHIVE}: expected to download the IMDb archive, got "
                f"{type(error).__name__}; name a local copy with --data PATH."
            ) from error
    return path


def _download(path: Path) -> None:
    with requests.get(OFFICIAL_ARCHIVE, stream=True, timeout=(10, 60)) as response:
        response.raise_for_status()
        total = int(response.headers.get("content-length", 0))
        with path.open("wb") as file, tqdm(total=total, unit="B", unit_scale=True) as bar:
            for chunk in response.iter_content(1 << 20):
                bar.update(file.write(chunk))
