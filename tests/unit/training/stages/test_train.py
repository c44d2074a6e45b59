"""Fine-tuning by both recipes: what moves, what stays, and what a checkpoint of it answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from contract.answer import Prediction
from handler.checkpoint import read_settings
from handler.predictor import Predictor
from handler.weights import load_network
from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training.loop.loop import Outcome, fit
from training.objectives.classification import classifier_of
from training.options import parse
from training.stages import train

SHAPE = {
    "vocab_size": 280,
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 66,
    "type_vocab_size": 1,
}
THREE_LABELS = {**WORDS, "neutral": ("average", "fair", "middling", "okay")}

Weights = dict[str, Tensor]
Run = Callable[..., Path]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = make_rows({"negative": 40, "positive": 40}, WORDS)
    return write_table(tmp_path / "reviews.csv", rows)


@pytest.fixture
def run(tmp_path: Path, data: Path) -> Run:
    """Run the command for a few quick steps on a tiny shape; returns the run's folder."""
    (tmp_path / "shape.json").write_text(json.dumps(SHAPE))
    fixed = {
        "--data": data,
        "--encoder": tmp_path / "shape.json",
        "--output": tmp_path / "run",
        "--cache": tmp_path / "cache",
        "--steps": 3,
        "--learning-rate": 0.01,
        "--batch-tokens": 512,
        "--ema": 0,
    }

    def start(*words: str, **changes: Any) -> Path:
        named = {f"--{key.replace('_', '-')}": value for key, value in changes.items()}
        options = {**fixed, **named}
        train.main([*(str(word) for pair in options.items() for word in pair), *words])
        return Path(options["--output"])

    return start


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Weights, Weights]]:
    """The classifier's weights before and after each call of the training loop."""
    seen: list[tuple[Weights, Weights]] = []

    def watched(task: nn.Module, *arguments: Any) -> Outcome:
        before = copy_of(classifier_of(task))
        outcome = fit(task, *arguments)
        seen.append((before, copy_of(classifier_of(outcome.network))))
        return outcome

    monkeypatch.setattr(train, "fit", watched)
    return seen


def copy_of(network: nn.Module) -> Weights:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def moved(before: Weights, after: Weights, part: str) -> bool:
    return any(
        not torch.equal(before[name], after[name]) for name in before if name.startswith(part)
    )


def test_stage_two_starts_from_stage_ones_weights(
    run: Run, stages: list[tuple[Weights, Weights]]
) -> None:
    run("--recipe", "tutorial")
    (first_start, first_end), (second_start, _) = stages
    assert moved(first_start, first_end, "head.")
    assert first_end.keys() == second_start.keys()
    assert all(torch.equal(first_end[name], second_start[name]) for name in first_end)


def test_frozen_encoder_moves_in_stage_two_only(
    run: Run, stages: list[tuple[Weights, Weights]]
) -> None:
    run("--recipe", "tutorial")
    first, second = stages
    assert not moved(*first, "encoder.")
    assert moved(*second, "encoder.")


def test_keep_frozen_trains_the_head_in_both_stages(
    run: Run, stages: list[tuple[Weights, Weights]]
) -> None:
    run("--recipe", "tutorial", "--keep-frozen")
    for stage in stages:
        assert moved(*stage, "head.")
        assert not moved(*stage, "encoder.")


def test_the_tutorials_recipe_has_its_shape(run: Run) -> None:
    settings = read_settings(run("--recipe", "tutorial", "--cleaning", "tutorial") / "checkpoint")
    assert settings.head_sizes == (16, 4)
    assert (settings.pooling, settings.truncation) == ("cls", "head")
    assert settings.cleaning == "tutorial"
    assert [stage.epochs for stage in train.RECIPES["tutorial"]] == [12, 20]
    assert [stage.head_dropout for stage in train.RECIPES["tutorial"]] == [0.4, 0.3]


def test_checkpoint_is_what_the_run_ended_with(
    run: Run, stages: list[tuple[Weights, Weights]]
) -> None:
    network, settings = load_network(run() / "checkpoint")
    saved, (_, trained) = copy_of(network), stages[-1]
    last = ("head.4.weight", "head.4.bias")  # hold the temperature, too
    same = [name for name in trained if name not in last]
    assert all(torch.equal(saved[name], trained[name].half().float()) for name in same)
    ratios = torch.cat([(trained[name] / saved[name]).flatten() for name in last])
    assert ratios.mean().item() == pytest.approx(ratios.median().item(), rel=1e-3)
    assert ratios.mean().item() != pytest.approx(1.0, abs=1e-3)
    assert settings.temperature == 1.0


def test_few_steps_learn_which_label_is_which(run: Run) -> None:
    predictor = Predictor.load(run(steps=40, r_drop=0) / "checkpoint", "torch-fp32", threads=1)
    answers = predictor.predict(["the great film was lovely", "the awful film was boring"])
    assert [each.label for each in answers if isinstance(each, Prediction)] == [
        "positive",
        "negative",
    ]


def test_same_seed_gives_the_same_weights(
    run: Run, stages: list[tuple[Weights, Weights]], tmp_path: Path
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(output=tmp_path / name, seed=seed)
    first, same, other = (after for _, after in stages)
    assert not moved(first, same, "")
    assert moved(first, other, "")


def test_three_unbalanced_labels(run: Run, tmp_path: Path) -> None:
    rows = make_rows({"positive": 40, "neutral": 10, "negative": 20}, THREE_LABELS)
    data = write_table(tmp_path / "three.csv", rows)
    output = run("--class-weights", "balanced", data=data, steps=80, r_drop=0)
    predictor = Predictor.load(output / "checkpoint", "torch-fp32", threads=1)
    assert predictor.labels == ("negative", "neutral", "positive")
    texts = [f"the {words[0]} film was {words[1]}" for words in THREE_LABELS.values()]
    answers = predictor.predict(texts)
    assert [each.label for each in answers if isinstance(each, Prediction)] == list(THREE_LABELS)


def test_head_of_a_checkpoint_is_kept_if_labels_and_recipe_fit(
    run: Run, stages: list[tuple[Weights, Weights]], tmp_path: Path
) -> None:
    checkpoint = run(output=tmp_path / "first") / "checkpoint"
    saved = copy_of(load_network(checkpoint)[0])
    run(output=tmp_path / "second", encoder=checkpoint)
    run("--recipe", "tutorial", output=tmp_path / "third", encoder=checkpoint)
    kept, renewed = stages[1][0], stages[2][0]
    assert not moved(saved, kept, "")
    assert not moved(saved, {**saved, **_encoder(renewed)}, "encoder.")
    assert "head.7.weight" not in kept
    assert renewed["head.7.weight"].shape == (2, 4)


def _encoder(weights: Weights) -> Weights:
    return {name: tensor for name, tensor in weights.items() if name.startswith("encoder.")}


def test_finished_run_is_not_trained_again(run: Run, stages: list[tuple[Weights, Weights]]) -> None:
    run("--recipe", "tutorial")
    run("--recipe", "tutorial")
    (_, first), (_, second), (_, first_again), (_, second_again) = stages
    assert not moved(first, first_again, "")
    assert not moved(second, second_again, "")


def test_run_names_the_command_that_does_the_same(run: Run, data: Path) -> None:
    record = json.loads((run(steps=2) / "run.json").read_text())
    assert [stage["name"] for stage in record["stages"]] == ["fine-tune"]
    command = record["stages"][0]["command"]
    assert command.startswith(f"python -m training.train --data {data} ")
    assert "--steps 2 --learning-rate 0.01 " in command
    assert "--warmup-ratio" not in command  # as it is by default


def test_command_line_changes_the_recipe() -> None:
    words = ["--recipe", "tutorial", "--epochs", "0.5", "--r-drop", "2", "--encoder-dropout", "0"]
    stages = train.chosen_stages(parse(train.TrainOptions, words, None))
    assert [stage.name for stage in stages] == ["stage1", "stage2"]
    assert {stage.epochs for stage in stages} == {0.5}
    assert {stage.r_drop for stage in stages} == {2.0}
    assert {stage.encoder_dropout for stage in stages} == {0.0}
    assert [stage.frozen for stage in stages] == [True, False]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label_column": "stars"}, "expected a column named 'stars', found 'review', 'label'"),
        ({"text_column": "body"}, "expected a column named 'body'"),
        ({"data": "nowhere.csv"}, "expected a CSV or TSV file, found no such file"),
        ({"data": "reviews.txt"}, "expected a file ending in"),
        ({"learning_rate": 5}, "expected learning_rate to be between 0 and 1, found 5.0"),
        ({"ema": 1}, "expected ema to be from 0 to below 1, found 1.0"),
        ({"batch_tokens": 4}, "expected a budget of at least the longest text"),
        ({"encoder": "nowhere.json"}, "nowhere.json: expected a model's config"),
    ],
)
def test_what_does_not_fit_is_one_line(
    run: Run, changes: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(**changes)
    assert stopped.value.code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a film", "good")] * 20, "expected at least 2 different labels, found ['good']"),
        ([("a film", "good"), ("a plot", "bad")], "expected at least 5 reviews of each label"),
        ([("a film", "good"), ("a plot", "")] * 5, "5 empty or NaN"),
        ([("a film", "good"), ("NaN", "bad")] * 5, "5 empty or NaN"),
    ],
)
def test_unfit_table_is_one_line(
    run: Run,
    tmp_path: Path,
    rows: list[tuple[str, str]],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        run(data=write_table(tmp_path / "unfit.csv", rows))
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_few_rows_give_a_mean_under_one_layer_which_serves(run: Run) -> None:
    folder = run(recipe="few")
    settings = read_settings(folder / "checkpoint")
    assert (settings.pooling, settings.head_sizes) == ("mean", ())
    (answer,) = Predictor.load(folder / "checkpoint").predict(["the film was great"])
    assert isinstance(answer, Prediction)
    history = (folder / "history.jsonl").read_text()
    assert '"contrast"' in history
