"""The pre-training command: what it writes, that it stops and goes on, alone or as two."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from torch import Tensor

from handler.checksums import file_digest
from handler.weights import load_network
from tests.commands import output_of, started
from tests.unit.training.imdb_archive import sizes, write_archive
from training.data.corpus import encode_corpus
from training.data.readers import DataError, KnownTexts, Review
from training.data.splits import UNNAMED_LABELS, Splits
from training.stages import distill, pretrain

ROOT = Path(__file__).parents[4]
SENTENCE = "the film was a great moving story with no false note and not one dull hour"
TINY = [
    "--vocab-size", "290", "--layers", "1", "--width", "16", "--heads", "2", "--max-length", "64",
    "--short-length", "32", "--batch-tokens", "256", "--ema", "0.5", "--learning-rate", "0.01",
]  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> Path:
    words = np.array(SENTENCE.split())
    draws = np.random.default_rng(0).integers(len(words), size=(200, 30))
    rows = [" ".join(words[line]) + ",good" for line in draws]
    path = tmp_path / "reviews.csv"
    path.write_text("\n".join(["review,label", *rows]))
    return path


@pytest.fixture
def full_precision(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two processes add up in another order than one: in bf16 that would show."""
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def options(tmp_path: Path, source: Path, name: str, *more: str) -> list[str]:
    folders = ["--output", str(tmp_path / name), "--cache", str(tmp_path / "cache")]
    return ["--data", str(source), *folders, *TINY, *more]


def run(tmp_path: Path, source: Path, name: str, *more: str) -> Path:
    pretrain.main(options(tmp_path, source, name, *more))
    return tmp_path / name


def history(output: Path, name: str) -> list[float]:
    lines = (output / "history.jsonl").read_text().splitlines()
    return [line[name] for line in map(json.loads, lines) if name in line]


def saved(output: Path) -> dict[str, Any]:
    path = output / "pretrain" / "state.pt"
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state


def averages(output: Path) -> dict[str, Tensor]:
    found: dict[str, Tensor] = saved(output)["average"]
    return found


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("objective", ["mlm", "rtd"])
def test_stop_and_resume_equals_straight_through_bit_by_bit(
    tmp_path: Path, table: Path, objective: str
) -> None:
    steps = ["--objective", objective, "--steps", "4", "--validate-every", "3", "--accumulate", "2"]
    straight = run(tmp_path, table, "straight", *steps)
    for _ in range(4):
        pieces = run(tmp_path, table, "pieces", *steps, "--max-minutes", "0")
    assert saved(pieces)["progress"]["step"] == 4
    expected, found = averages(straight), averages(pieces)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    weights = [
        (output / "checkpoint" / "model.safetensors").read_bytes() for output in (straight, pieces)
    ]
    assert weights[0] == weights[1]


def test_checkpoint_holds_the_trained_encoder_and_other_stages_go_on_from_it(
    tmp_path: Path, table: Path
) -> None:
    output = run(tmp_path, table, "first", "--steps", "6", "--validate-every", "6")
    network, settings = load_network(output / "checkpoint")
    best = saved(output)["progress"]["best_weights"]
    for name, value in network.get_submodule("encoder").state_dict().items():
        torch.testing.assert_close(value, best[f"encoder.{name}"], atol=1e-3, rtol=1e-3)
    assert settings.labels == UNNAMED_LABELS
    with table.open("a") as file:
        file.write("\n" + "\n".join(f"a dull note {number},bad" for number in range(20)))
    again = run(tmp_path, table, "again", "--steps", "1", "--encoder", str(output / "checkpoint"))
    assert load_network(again / "checkpoint")[1].encoder == settings.encoder
    student = ["--steps", "1", "--init", str(output / "checkpoint"), "--batch-tokens", "256"]
    folders = ["--output", str(tmp_path / "student"), "--cache", str(tmp_path / "cache")]
    distill.main(["--data", str(table), *folders, *student])
    assert load_network(tmp_path / "student" / "student")[1].labels == ("bad", "good")


def test_run_is_recorded_with_its_cost(tmp_path: Path, table: Path) -> None:
    output = run(tmp_path, table, "run", "--steps", "3", "--validate-every", "2")
    record = json.loads(
        (output / "run.json").read_text(), parse_constant=lambda name: pytest.fail(name)
    )
    stage = record["stages"][0]
    assert (stage["name"], stage["finished"], stage["tokens"]) == ("pretrain", True, 3 * 256)
    assert stage["result"]["validation_loss"] > 0
    assert record["data"]["sha256"] == file_digest(table)
    assert history(output, "tokens_per_second")


def test_texts_are_those_of_train_and_unsup_and_never_of_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.data.readers.SPLIT_SIZES", sizes())
    archive = write_archive(tmp_path / "imdb.tar.gz")
    packed: list[str] = []

    def noted(texts: list[str], *more: Any) -> Any:
        packed.extend(texts)
        return encode_corpus(texts, *more)

    monkeypatch.setattr("training.stages.pretrain.encode_corpus", noted)
    run(tmp_path, archive, "run", "--steps", "1", "--short-length", "64")
    folders = {text.split(" of ")[-1].split("/")[0] for text in packed}
    assert folders == {"train"}
    assert len(packed) == 40 + 20
    assert any("unsup" in text for text in packed)


def test_a_test_review_among_the_texts_stops_the_run() -> None:
    stolen = Review("1", "Warm, funny and wise.", None)
    test = [Review("2", stolen.text.upper(), "a")]
    splits = Splits(("a", "b"), [], [], [stolen], test, {}, "", KnownTexts.of(test))
    with pytest.raises(DataError, match=r"no test review among the texts, found .*normalised=1"):
        pretrain.refuse_test_text(splits)


def test_ctrl_c_saves_the_state_and_the_same_command_goes_on(tmp_path: Path, table: Path) -> None:
    command = options(tmp_path, table, "run", "--steps", "100000")
    with started(
        [sys.executable, "-m", "training.pretrain", *command],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        wait_for(tmp_path / "run" / "history.jsonl", process)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    step = saved(tmp_path / "run")["progress"]["step"]
    assert f"stopped at step {step}, state saved; run the same command to go on" in output
    assert not (tmp_path / "run" / "checkpoint").exists()
    pretrain.main([*command, "--max-minutes", "0"])
    assert saved(tmp_path / "run")["progress"]["step"] == step + 1


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a run has written its first line."""
    until = time.monotonic() + 240
    while not (path.exists() and path.read_text()):
        assert process.poll() is None, "the run ended too early"
        assert time.monotonic() < until, "the run did not get going"
        time.sleep(0.1)


@pytest.mark.usefixtures("full_precision")
def test_two_processes_learn_what_one_learns_from_the_same_batches(
    tmp_path: Path, table: Path
) -> None:
    steps = ["--steps", "8", "--validate-every", "2"]
    launch = "-m accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1"
    port = "--mixed_precision no --dynamo_backend no --main_process_port 0 -m training.pretrain"
    words = [*launch.split(), *port.split(), *options(tmp_path, table, "two", *steps)]
    output = output_of([sys.executable, *words], 400, cwd=ROOT, env=environment())
    assert output.count("wrote ") == 1
    one = run(tmp_path, table, "one", *steps, "--accumulate", "2")
    two = tmp_path / "two"
    assert saved(two)["progress"]["tokens"] == saved(one)["progress"]["tokens"] == 8 * 2 * 256
    expected, found = averages(one), averages(two)
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], atol=2e-4, rtol=1e-3)
    losses = history(two, "validation_loss")
    assert len(losses) == 4  # one process writes
    assert losses[-1] < losses[0] - 0.1


def test_smoke_changes_the_defaults_and_what_is_said_beside_it_counts() -> None:
    assert pretrain.parse([]).steps > 1000
    smoke = pretrain.parse(["--smoke", "--steps", "7"])
    assert (smoke.steps, smoke.layers, smoke.limit) == (7, 2, 1500)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text\nfine\n", "expected a column named 'review', found 'text'"),
        ("review\none\ntwo\nthree\n", "found 3; add texts"),
        ("review\n" + "fine film\n" * 20, "lower --batch-tokens or add text"),
        ("review\n" + 'fine film\n" "\n' * 20, "found 20 empty or NaN"),
    ],
)
def test_unfit_text_ends_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text(content)
    with pytest.raises(SystemExit) as left:
        run(tmp_path, path, "run")
    assert left.value.code == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert message in lines[0]


def test_help_shows_how_to_use_several_gpus(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        pretrain.parse(["--help"])
    assert "accelerate launch --multi_gpu --num_processes 8" in capsys.readouterr().out
