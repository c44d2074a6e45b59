"""The labelled sets of `benchmarks.few_rows`: few rows to learn from, others to be judged on."""

import ast
import csv
import io
import random
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from handler.files import write_text
from training.data.readers import KnownTexts, Review, read_archive

HELD_OUT: Final = 2000
# Packages of this project's own requirements with some 2,000 docstrings and more each.
PACKAGES: Final = (
    "matplotlib", "nltk", "pandas", "scipy", "sqlalchemy", "sympy", "torch", "transformers",
)  # fmt: skip
SHORTEST: Final = 8  # words


@dataclass(frozen=True)
class LabelledSet:
    """Rows to draw training rows from, and rows that no training row equals."""

    pool: list[Review]
    held_out: list[Review]

    def draw(self, rows: int, seed: int) -> list[Review]:
        """Return so many rows of each label, others for another seed."""
        shuffled = random.Random(seed).sample(self.pool, len(self.pool))
        taken: dict[str | None, list[Review]] = {}
        for review in shuffled:
            taken.setdefault(review.label, []).append(review)
        return [review for label in sorted(taken, key=str) for review in taken[label][:rows]]


def verdicts(archive: Path) -> LabelledSet:
    """IMDb's reviews, negative or positive."""
    parts = read_archive(archive)
    held_out = random.Random(0).sample(parts["test"], HELD_OUT)
    pool, _ = KnownTexts.of(parts["test"]).drop(parts["train"])
    return LabelledSet(pool, held_out)


def stars(archive: Path) -> LabelledSet:
    """IMDb's reviews by their authors' stars, which the file names tell: 1 to 4 and 7 to 10."""
    both = verdicts(archive)
    return LabelledSet(_by_stars(both.pool), _by_stars(both.held_out))


def _by_stars(reviews: Sequence[Review]) -> list[Review]:
    return [Review(each.id, each.text, each.id.rpartition("_")[2]) for each in reviews]


@cache
def docstrings(_: Path) -> LabelledSet:
    """First paragraphs of docstrings; the label is the package that they stand in."""
    rows = [
        Review(f"{package}/{number}", text, package)
        for package in PACKAGES
        for number, text in enumerate(_paragraphs(package))
    ]
    random.Random(0).shuffle(rows)
    return LabelledSet(rows[HELD_OUT:], rows[:HELD_OUT])


SETS: Final[dict[str, Callable[[Path], LabelledSet]]] = {
    "verdicts": verdicts,
    "stars": stars,
    "docstrings": docstrings,
}


def _paragraphs(package: str) -> list[str]:
    """Return a package's first paragraphs without doubles, none that names one of the packages."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    names = re.compile("|".join(PACKAGES), re.IGNORECASE)
    found: dict[str, None] = {}
    for path in sorted(Path(spec.origin).parent.rglob("*.py")):
        if "tests" in path.parts:
            continue
        for docstring in _docstrings(path.read_text("utf-8", "replace")):
            text = " ".join(docstring.split("\n\n")[0].split())
            if len(text.split()) >= SHORTEST and not names.search(text):
                found[text] = None
    return list(found)


def _docstrings(source: str) -> Iterator[str]:
    with warnings.catch_warnings(), suppress(SyntaxError):  # some are for a later Python
        warnings.simplefilter("ignore", SyntaxWarning)
        yield from _of_tree(ast.parse(source))


def _of_tree(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield ast.get_docstring(node) or ""


def write_rows(path: Path, rows: Sequence[Review]) -> None:
    """Write the columns `review` and `label`, as `training.run --data` reads them."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["review", "label"])
    writer.writerows((row.text, row.label) for row in rows)
    write_text(path, table.getvalue())
