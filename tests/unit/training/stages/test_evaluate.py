"""The evaluation command from end to end, with a model whose answers are known."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from handler.checkpoint import Settings
from tests.unit.training.table_scorer import TableScorer
from training.evaluation import behaviour
from training.stages import evaluate

SECRET = "xylophone"
REVIEWS = [
    (f"a fine {SECRET} film", "positive", (0.1, 0.9)),
    (f"a dull {SECRET} film", "negative", (0.8, 0.2)),
    (f"a dull but fine {SECRET} film", "positive", (0.6, 0.4)),
    (f"a long {SECRET} film", "negative", (0.7, 0.3)),
]
ANSWERS = {text: probabilities for text, _, probabilities in REVIEWS}

Command = Callable[..., None]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    settings = Settings(labels=("negative", "positive"), encoder={"vocab_size": 300})
    (folder / "config.json").write_text(json.dumps(settings.as_config()))
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    write_table(path, [(text, label) for text, label, _ in REVIEWS])
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, checkpoint: Path, output: Path) -> Command:
    """Run the command line with a model that answers from the table and likes anything else."""
    scorer = TableScorer(lambda text: ANSWERS.get(text, (0.3, 0.7)))
    monkeypatch.setattr(evaluate, "load_scorer", lambda directory, engine: scorer)
    fixed = ["--checkpoint", str(checkpoint), "--output", str(output)]
    return lambda *arguments: evaluate.main([*fixed, *map(str, arguments)])


def write_table(path: Path, rows: list[tuple[str, str]], header: str = "review,label") -> None:
    path.write_text("\n".join([header, *(f"{text},{label}" for text, label in rows)]) + "\n")


def read_json(path: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads(path.read_text("utf-8"))
    return content


def test_report_is_printed_and_everything_written(
    command: Command, data: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command("--data", data)
    assert "accuracy                                0.7500          4" in capsys.readouterr().out
    assert sorted(path.name for path in output.iterdir()) == [
        "confusion_matrix.png",
        "coverage.png",
        "metrics.json",
        "predictions.csv",
        "reliability.png",
    ]


def test_metrics_say_what_was_measured_on_what(command: Command, data: Path, output: Path) -> None:
    command("--data", data)
    measured = read_json(output / "metrics.json")
    assert (measured["n"], measured["accuracy"], measured["engine"]) == (4, 0.75, "table")
    assert measured["split"] == "test"
    assert measured["temperature"] == 1.0
    recorded = measured["data"]
    assert isinstance(recorded, dict)
    assert recorded["file"] == "reviews.csv"
    assert len(recorded["sha256"]) == 64
    wanted = "ece log_loss per_label accuracy_at_90_coverage reviews_per_second"
    assert measured.keys() >= set(wanted.split())


def test_predictions_hold_ids_labels_and_probabilities(
    command: Command, data: Path, output: Path
) -> None:
    command("--data", data)
    with (output / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "id": "0",
        "label": "positive",
        "prediction": "positive",
        "probability": "0.9",
        "label_probability": "0.9",
    }
    assert (rows[2]["label"], rows[2]["prediction"]) == ("positive", "negative")
    assert (rows[2]["probability"], rows[2]["label_probability"]) == ("0.6", "0.4")


def test_review_texts_are_never_written_nor_printed(
    command: Command, data: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command("--data", data)
    captured = capsys.readouterr()
    assert SECRET not in captured.out + captured.err
    assert all(SECRET.encode() not in path.read_bytes() for path in output.iterdir())


def test_progress_goes_to_stderr_only(
    command: Command, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command("--data", data)
    captured = capsys.readouterr()
    assert "4/4" in captured.err
    assert "4/4" not in captured.out


def test_columns_and_tabs_are_read_by_name(command: Command, tmp_path: Path, output: Path) -> None:
    path = tmp_path / "reviews.tsv"
    lines = [f"{label}\t{text}" for text, label, _ in REVIEWS]
    path.write_text("\n".join(["verdict\tbody", *lines]))
    arguments = ("--data", path, "--text-column", "body", "--label-column", "verdict")
    command(*arguments)
    assert read_json(output / "metrics.json")["accuracy"] == 0.75


def test_any_number_of_labels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, checkpoint: Path, output: Path
) -> None:
    labels = ("bad", "fair", "good")
    settings = Settings(labels=labels, encoder={"vocab_size": 300})
    (checkpoint / "config.json").write_text(json.dumps(settings.as_config()))
    rows = [(f"text {n}", labels[n % 3]) for n in range(9)]
    write_table(tmp_path / "three.csv", rows)
    scorer = TableScorer(lambda text: (0.2, 0.5, 0.3), labels)
    monkeypatch.setattr(evaluate, "load_scorer", lambda directory, engine: scorer)
    arguments = ("--checkpoint", checkpoint, "--output", output, "--data", tmp_path / "three.csv")
    evaluate.main([str(each) for each in arguments])
    measured = read_json(output / "metrics.json")
    assert measured["accuracy"] == pytest.approx(1 / 3)
    assert measured["confusion_matrix"] == {
        "rows": "true label",
        "columns": "predicted label",
        "labels": ["bad", "fair", "good"],
        "counts": [[0, 3, 0], [0, 3, 0], [0, 3, 0]],
    }


def test_behaviour_runs_without_data(
    command: Command, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command("--behaviour")
    asked = read_json(output / "behaviour.json")
    assert asked["cases"] == len(behaviour.read_cases())
    assert "**minimum functionality**" in capsys.readouterr().out
    assert not (output / "metrics.json").exists()


def test_own_cases_can_be_named(command: Command, output: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    cases.mkdir()
    header = "kind,capability,id,text,changed,expected"
    (cases / "own.csv").write_text(f"{header}\nminimum functionality,own,o1,Hm.,,positive\n")
    command("--behaviour", cases)
    assert read_json(output / "behaviour.json")["passed"] == 1


@pytest.mark.parametrize("place", ["history.jsonl", "../history.jsonl"])
def test_history_of_the_checkpoints_run_becomes_a_plot(
    command: Command, checkpoint: Path, data: Path, output: Path, place: str
) -> None:
    (checkpoint / place).write_text('{"step": 1, "loss": 0.7}\n{"step": 2, "loss": 0.5}\n')
    command("--data", data)
    assert (output / "loss.png").is_file()


def test_sample_draws_the_same_reviews_every_time(
    command: Command, tmp_path: Path, output: Path
) -> None:
    path = tmp_path / "many.csv"
    write_table(path, [(f"text {n}", ("negative", "positive")[n % 2]) for n in range(200)])
    drawn = []
    for _ in range(2):
        command("--data", path, "--sample", 50)
        drawn.append((output / "predictions.csv").read_text())
    assert drawn[0] == drawn[1]
    assert read_json(output / "metrics.json")["n"] == 50


def test_comparison_with_an_earlier_run(
    command: Command,
    data: Path,
    output: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command("--data", data)
    earlier = output.rename(tmp_path / "earlier")
    command("--data", data, "--compare", earlier)
    (comparison,) = json.loads((output / "comparison.json").read_text())
    folders = (f"{tmp_path.name}/earlier", f"{output.parent.name}/output")
    assert (comparison["base"], comparison["run"]) == folders
    assert (comparison["flips"], comparison["p_value"]) == (0.0, 1.0)
    assert "McNemar p" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (REVIEWS[:3], "review,label", "expected at least 4 reviews to measure anything, found 3"),
        ([("x", "positive")] * 6, "review,label", "found only 'positive'"),
        ([("x", "good"), ("y", "bad")] * 3, "review,label", "found 'good' (3 reviews), 'bad'"),
        ([("x", "positive")] * 6, "review,stars", "expected a column named 'label'"),
        ([("x", "positive"), ("NaN", "negative")] * 3, "review,label", "3 empty or NaN"),
        ([("x", ""), ("y", "")] * 3, "review,label", "6 empty or NaN"),
    ],
)
def test_unfit_data_ends_with_one_clear_line_and_nothing_written(
    command: Command,
    tmp_path: Path,
    output: Path,
    capsys: pytest.CaptureFixture[str],
    rows: list[tuple[str, ...]],
    header: str,
    message: str,
) -> None:
    path = tmp_path / "unfit.csv"
    write_table(path, [(row[0], row[1]) for row in rows], header)
    with pytest.raises(SystemExit, match="2"):
        command("--data", path)
    error = capsys.readouterr().err
    assert error.startswith(f"error: {path}: ")
    assert message in error
    assert error.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "nowhere.csv"), "nowhere.csv: expected a CSV or TSV file, found no such file"),
        (("--behaviour", "nowhere"), "nowhere: expected CSV files of behaviour cases"),
        (("--behaviour", "--history", "nowhere"), "nowhere: expected a training run's history"),
        (("--data", "x.csv", "--compare", "nowhere"), "nowhere: expected metrics.json and"),
    ],
)
def test_a_missing_file_is_named(
    command: Command,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    with pytest.raises(SystemExit, match="2"):
        command(*arguments)
    assert message in capsys.readouterr().err


def test_checkpoint_that_is_none_is_named(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--checkpoint", tmp_path, "--data", data, "--output", tmp_path / "output")
    with pytest.raises(SystemExit, match="2"):
        evaluate.main([str(each) for each in arguments])
    assert "expected a checkpoint's config.json, found no such file" in capsys.readouterr().err


def test_file_in_the_place_of_the_output_folder_is_named(
    command: Command, data: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output.write_text("taken")
    with pytest.raises(SystemExit, match="2"):
        command("--data", data)
    assert "expected a folder for --output, found a file" in capsys.readouterr().err
    assert output.read_text() == "taken"


def test_nothing_to_evaluate_is_refused(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        command()
    assert "expected --data PATH, --behaviour, or both" in capsys.readouterr().err


def test_interrupt_leaves_no_half_written_file(
    monkeypatch: pytest.MonkeyPatch, command: Command, data: Path, output: Path
) -> None:
    def interrupt(scorer: object, reviews: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate, "score_reviews", interrupt)
    with pytest.raises(SystemExit, match="130"):
        command("--data", data)
    assert list(output.iterdir()) == []
