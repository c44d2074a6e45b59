"""What is drawn of a data set before training: labels, lengths, telling words."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from training.data.readers import Review
from training.evaluation import text_plots
from training.evaluation.text_plots import by_label, draw_lengths, draw_words, telling_words

REVIEWS = [
    Review("a", "Good good film", "up"),
    Review("b", "a good plot", "up"),
    Review("c", "bad film", "down"),
    Review("d", "a bad plot", "down"),
]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Catch figures instead of writing them."""
    figures: list[Figure] = []
    monkeypatch.setattr(text_plots, "save_figure", lambda figure, path: figures.append(figure))
    return figures


def test_labels_are_sorted() -> None:
    assert [(label, len(group)) for label, group in by_label(REVIEWS).items()] == [
        ("down", 2),
        ("up", 2),
    ]


def test_a_telling_word_is_counted_once_for_each_text() -> None:
    found = telling_words(REVIEWS, 1)
    assert {label: word for label, ((word, _),) in found.items()} == {"down": "bad", "up": "good"}
    # (2 + 1) / (2 + 1) against (0 + 1) / (2 + 1), as log2.
    assert [ratio for ((_, ratio),) in found.values()] == pytest.approx([1.585, 1.585], abs=1e-3)


def test_lengths_have_a_line_for_each_label(drawn: list[Figure], tmp_path: Path) -> None:
    draw_lengths(tmp_path / "lengths.png", {"down": [2, 3], "up": [3, 3]})
    (axes,) = drawn[0].axes
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["down", "up"]
    assert max(patch.get_xy()[:, 1].max() for patch in axes.patches) == 2  # type: ignore[attr-defined]


def test_words_are_drawn_with_the_most_telling_on_top(drawn: list[Figure], tmp_path: Path) -> None:
    draw_words(tmp_path / "words.png", {"up": [("good", 2.0), ("fine", 1.0)]})
    (axes,) = drawn[0].axes
    assert [bar.get_width() for bar in axes.patches] == [1.0, 2.0]  # type: ignore[attr-defined]


def test_files_are_whole_pictures(tmp_path: Path) -> None:
    draw_lengths(tmp_path / "lengths.png", {"up": [1, 200]})
    assert (tmp_path / "lengths.png").read_bytes()[:4] == b"\x89PNG"
