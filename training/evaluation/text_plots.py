"""Draw what a data set looks like before anything is trained on it: labels, lengths, words."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from training.data.readers import Review
from training.evaluation.plots import PALETTE, clean_axes, save_figure

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def by_label(reviews: Sequence[Review]) -> dict[str, list[Review]]:
    """Return the reviews of each label, labels sorted."""
    labels = sorted({str(review.label) for review in reviews})
    return {label: [each for each in reviews if str(each.label) == label] for label in labels}


def word_counts(reviews: Sequence[Review]) -> Counter[str]:
    """Count in how many texts each lower-cased word stands."""
    return Counter(word for review in reviews for word in set(_WORD.findall(review.text.lower())))


def telling_words(reviews: Sequence[Review], count: int) -> dict[str, list[tuple[str, float]]]:
    """Return, for each label, the words whose share of texts is most times that of the others.

    The number is log2 of that ratio; one text is added to each side, so rare words do not win.
    """
    groups = by_label(reviews)
    counts = {label: word_counts(group) for label, group in groups.items()}
    total = sum(counts.values(), Counter[str]())
    found = {}
    for label, group in groups.items():
        others = len(reviews) - len(group)
        ratios = {
            word: float(
                np.log2((counts[label][word] + 1) / (len(group) + 1))
                - np.log2((total[word] - counts[label][word] + 1) / (others + 1))
            )
            for word in counts[label]
        }
        found[label] = sorted(ratios.items(), key=lambda pair: (-pair[1], pair[0]))[:count]
    return found


def draw_lengths(path: Path, lengths: dict[str, Sequence[int]]) -> None:
    """Histogram of lengths in words for each label; the longest hundredth is left out."""
    figure = Figure(figsize=(7.2, 4.0), layout="constrained")
    axes = figure.add_subplot()
    longest = np.percentile(np.concatenate([np.asarray(each) for each in lengths.values()]), 99)
    width = max(1, round(float(longest) / 40))  # whole words, or bins would differ in size
    edges = np.arange(0, float(longest) + 2 * width, width).tolist()
    for color, (label, each) in zip(PALETTE, lengths.items(), strict=False):
        axes.hist(each, edges, histtype="step", linewidth=1.8, color=color, label=label)
    axes.set(xlabel="words", ylabel="texts")
    axes.legend(frameon=False)
    clean_axes(axes)
    save_figure(figure, path)


def draw_words(path: Path, words: dict[str, list[tuple[str, float]]]) -> None:
    """One panel of horizontal bars for each label, the longest on top."""
    figure = Figure(figsize=(4.2 * len(words), 4.8), layout="constrained")
    panels = figure.subplots(1, len(words), squeeze=False)[0]
    for axes, color, (label, pairs) in zip(panels, PALETTE, words.items(), strict=False):
        names, values = zip(*reversed(pairs), strict=True)
        axes.barh(names, values, color=color)
        axes.set(title=label, xlabel="log2 of the share's ratio")
    clean_axes(*panels)
    save_figure(figure, path)
