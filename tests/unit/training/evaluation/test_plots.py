"""Plots: the right things on the right axes, in whole PNG files."""

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from training.data.readers import DataError
from training.evaluation import plots, report
from training.evaluation.metrics import coverage_curve
from training.evaluation.scoring import Scores

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def scores() -> Scores:
    """Three negatives of which one is taken for positive, one positive found."""
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.05, 0.95]])
    return Scores(
        labels=("negative", "positive"),
        ids=("a", "b", "c", "d"),
        truth=np.array([0, 0, 0, 1]),
        probabilities=probabilities,
        words=np.array([5, 5, 5, 5]),
        truncated=np.zeros(4, bool),
        unscored={},
        seconds=1.0,
        engine="table",
    )


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Catch figures instead of writing them."""
    figures: list[Figure] = []
    monkeypatch.setattr(plots, "save_figure", lambda figure, path: figures.append(figure))
    return figures


def points(line: Line2D) -> list[list[float]]:
    found: list[list[float]] = np.asarray(line.get_xydata()).tolist()
    return found


def texts_by_place(axes: Axes) -> dict[tuple[float, float], str]:
    return {text.get_position(): text.get_text() for text in axes.texts}


def test_confusion_matrix_has_true_labels_on_y_and_predicted_on_x(
    drawn: list[Figure], scores: Scores, tmp_path: Path
) -> None:
    plots.draw_confusion(tmp_path / "c.png", report.summarise(scores))
    axes = drawn[0].axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted label", "true label")
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["negative", "positive"]
    cells = texts_by_place(axes)
    assert cells[(1, 0)].startswith("1\n33.3%")  # x: predicted positive, y: true negative
    assert cells[(0, 1)].startswith("0\n")
    assert cells[(0, 0)].startswith("2\n66.7%")


def test_reliability_diagram_shows_accuracy_at_mean_confidence(
    drawn: list[Figure], scores: Scores, tmp_path: Path
) -> None:
    plots.draw_reliability(tmp_path / "r.png", report.summarise(scores))
    points = drawn[0].axes[0].lines[0]
    assert points.get_xdata() == pytest.approx([0.7, 0.8, 0.9, 0.95])
    assert points.get_ydata() == pytest.approx([0.0, 1.0, 1.0, 1.0])


def test_coverage_plot_ends_at_full_coverage_with_the_accuracy(
    drawn: list[Figure], scores: Scores, tmp_path: Path
) -> None:
    curve = coverage_curve(scores.confidence, scores.correct)
    plots.draw_coverage(tmp_path / "v.png", curve, report.summarise(scores))
    line = drawn[0].axes[0].lines[0]
    assert points(line)[-1] == [100.0, 75.0]


def test_losses_get_a_panel_per_stage_and_a_line_per_kind_of_loss(
    drawn: list[Figure], tmp_path: Path
) -> None:
    history = [
        {"stage": "pretrain", "step": 10, "loss": 8.0},
        {
            "stage": "pretrain",
            "step": 20,
            "loss": 7.0,
            "validation_loss": 7.5,
            "tokens_per_second": 9.0,
        },
        {"stage": "train", "step": 5, "loss": 0.6},
    ]
    plots.draw_losses(tmp_path / "l.png", history)
    pretrain, train = drawn[0].axes
    assert (pretrain.get_title(), train.get_title()) == ("pretrain", "train")
    assert [line.get_label() for line in pretrain.lines] == ["loss", "validation loss"]
    assert points(pretrain.lines[0]) == [[10, 8.0], [20, 7.0]]
    assert points(pretrain.lines[1]) == [[20, 7.5]]


@pytest.mark.parametrize("labels", [2, 5])
def test_files_are_whole_pngs_and_nothing_else_is_left(tmp_path: Path, labels: int) -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(labels), 60)
    scores = Scores(
        labels=tuple(f"label {n}" for n in range(labels)),
        ids=tuple(map(str, range(60))),
        truth=rng.integers(0, labels, 60),
        probabilities=probabilities,
        words=rng.integers(1, 900, 60),
        truncated=np.zeros(60, bool),
        unscored={},
        seconds=1.0,
        engine="table",
    )
    measured = report.summarise(scores)
    plots.draw_confusion(tmp_path / "c.png", measured)
    plots.draw_reliability(tmp_path / "r.png", measured)
    plots.draw_coverage(
        tmp_path / "v.png", coverage_curve(scores.confidence, scores.correct), measured
    )
    plots.draw_losses(tmp_path / "l.png", [{"loss": 1.0}, {"loss": 0.5}])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.png", "l.png", "r.png", "v.png"]
    assert all(path.read_bytes().startswith(PNG) for path in tmp_path.iterdir())


def test_history_of_a_killed_run_is_read_without_its_half_line(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps({"step": 1, "loss": 2.0}) + '\n{"step": 2, "lo')
    assert plots.read_history(path) == [{"step": 1, "loss": 2.0}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"loss": 1}\nbroken\n{"loss": 2}\n', "line 2: expected one JSON object"),
        ('{"step": 1}\n', "found none"),
        ("", "found none"),
    ],
)
def test_unfit_history_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        plots.read_history(path)
