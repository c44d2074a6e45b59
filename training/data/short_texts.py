"""Short texts of this project's own writing: what whole reviews rarely teach.

`short.csv` has one-line verdicts (kind, text, label), `pairs.csv` reviews in two versions whose
verdicts differ (pair, text, label), `neutral.csv` texts without a verdict (kind, text), and
`slots.json` the names that are exchanged in all of them.
"""

import csv
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.data.swaps import Slots, swap, swap_some

# Share of a target that is spread over all labels (Szegedy et al. 2016).
_SMOOTHING = 0.02

FOLDER: Final = Path(__file__).with_name("texts")

Short = tuple[str, str | None]


@dataclass(frozen=True)
class ShortTexts:
    """Which short texts are learned beside reviews, and how often names are exchanged.

    Each of them is met `repeats` times an epoch; `swap_share` of the reviews get other names.
    """

    folder: Path
    repeats: int
    swap_share: float


def read_slots(folder: Path) -> Slots:
    """Return the lists of names that may take each other's place."""
    content = json.loads((folder / "slots.json").read_text("utf-8"))
    return {name: tuple(names) for name, names in content.items()}


def short_texts(folder: Path, repeats: int, seed: int) -> list[Short]:
    """Return every text with its label (None: no verdict), `repeats` times with other names."""
    slots, draw = read_slots(folder), random.Random(seed)
    rows = [
        row for name in ("short.csv", "pairs.csv", "neutral.csv") for row in _rows(folder / name)
    ]
    first = [(row["text"], row.get("label")) for row in rows]
    return first + [
        (swap(text, slots, draw), label) for _ in range(repeats - 1) for text, label in first
    ]


def short_targets(short: Sequence[Short], labels: Sequence[str]) -> NDArray[np.float32]:
    """Return (texts, labels): smoothed at the label, even where there is no verdict."""
    targets = np.full((len(short), len(labels)), 1 / len(labels), dtype=np.float32)
    for row, (_, label) in zip(targets, short, strict=True):
        if label is not None:
            row *= _SMOOTHING
            row[labels.index(label)] += 1 - _SMOOTHING
    return targets


def beside_short_texts(
    texts: Sequence[str],
    targets: NDArray[np.float32],
    labels: Sequence[str],
    learned: ShortTexts,
    seed: int,
) -> tuple[list[str], NDArray[np.float32]]:
    """Return texts, some of them with other names, and their targets, with short ones behind."""
    swapped = swap_some(texts, read_slots(learned.folder), learned.swap_share, seed)
    short = short_texts(learned.folder, learned.repeats, seed)
    both = np.concatenate([targets, short_targets(short, labels)])
    return swapped + [text for text, _ in short], both


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
