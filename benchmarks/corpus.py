"""The reviews that everything is measured on: IMDb's test part, or texts of the same lengths."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

from archive.activation_ranges import SENTENCES
from handler.files import write_text
from training.data.readers import Review, read_split

ARCHIVES = (
    Path("data/aclImdb_v1.tar.gz"),
    Path("run/aclImdb_v1.tar.gz"),
    Path("../shared/data/aclImdb_v1.tar.xz"),
)
CACHE = Path("run/benchmarks")
# Characters of IMDb's test reviews: the logarithms of their lengths lie close to a normal curve.
MEDIAN_CHARACTERS, SIGMA = 962, 0.65


@dataclass(frozen=True)
class Corpus:
    """Reviews and where they come from; generated ones have no labels."""

    name: str
    reviews: list[Review]

    def evenly(self, count: int, seed: int = 0) -> list[str]:
        """Return texts at evenly spaced places of the length distribution, in random order.

        A few dozen reviews picked like this cost what the average review of all 25,000 costs.
        """
        ordered = sorted(self.reviews, key=lambda review: (len(review.text), review.id))
        picked = [ordered[place].text for place in even_places(len(ordered), count)]
        random.Random(seed).shuffle(picked)
        return picked

    def sample(self, count: int, seed: int = 0) -> list[Review]:
        """Return a random sample, or everything if there are not more reviews than that."""
        if count >= len(self.reviews):
            return self.reviews
        return random.Random(seed).sample(self.reviews, count)


def found_archive() -> Path | None:
    """Return the first of the usual archives that is there."""
    return next((archive for archive in ARCHIVES if archive.is_file()), None)


def load_corpus(path: Path | None, generated: int = 4096) -> Corpus:
    """Read the test part of the archive; without one, generate texts and say so."""
    path = path or found_archive()
    if path is None:
        print("corpus: no IMDb archive (--data names one): texts of its lengths are generated")
        return Corpus("generated texts with IMDb's lengths", generate_reviews(generated))
    reviews = _read_once(path)
    return Corpus(f"IMDb test reviews ({len(reviews):,})", reviews)


def _read_once(path: Path) -> list[Review]:
    """Read the archive's test part, or what an earlier run has kept of it: xz takes its time."""
    status = path.stat() if path.is_file() else None
    kept = CACHE / f"test-{status.st_size}-{status.st_mtime_ns}.json" if status else None
    if kept and kept.is_file():
        return [Review(*fields) for fields in json.loads(kept.read_text("utf-8"))]
    reviews = read_split(path, "test")
    if kept:
        CACHE.mkdir(parents=True, exist_ok=True)
        write_text(kept, json.dumps([(each.id, each.text, each.label) for each in reviews]))
    return reviews


def even_places(total: int, count: int) -> list[int]:
    """Return `count` indices in the middles of `count` equal parts of range(total)."""
    return [int((number + 0.5) * total / count) for number in range(count)]


def generate_reviews(count: int) -> list[Review]:
    """Generate unlabelled texts whose lengths in characters follow those of IMDb's test part."""
    lines = SENTENCES.read_text("utf-8").splitlines()
    curve = NormalDist(math.log(MEDIAN_CHARACTERS), SIGMA)
    lengths = [round(math.exp(curve.inv_cdf((i + 0.5) / count))) for i in range(count)]
    return [
        Review(str(i), _text(lines, random.Random(i), length), None)
        for i, length in enumerate(lengths)
    ]


def _text(lines: Sequence[str], order: random.Random, length: int) -> str:
    text = order.choice(lines)
    while len(text) < length:
        text += " " + order.choice(lines)
    return text[:length]
