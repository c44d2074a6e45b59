"""Stopping and going on changes nothing, the best weights win, and nothing saved is lost."""

import json
import math
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from handler.files import WriteError
from training.loop.loop import (
    STATE_FILE,
    Limits,
    Outcome,
    Validate,
    fit,
    mixed_precision,
    stop_if_interrupted,
)
from training.loop.optimization import Recipe
from training.loop.state import StateError

RECIPE = Recipe(steps=8, learning_rate=0.05, accumulate=2, ema=0.9, seed=3)


class Regression(nn.Module):
    """A network with dropout, so that the state of the random numbers matters."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, width), nn.Dropout(0.3), nn.Linear(width, 1))

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"loss": functional.mse_loss(self.layers(batch["inputs"]).squeeze(1), batch["sums"])}


def batch_of(number: int) -> dict[str, Tensor]:
    inputs = torch.randn(8, 4, generator=torch.Generator().manual_seed(number))
    return {"inputs": inputs, "sums": inputs.sum(1), "attention_mask": torch.ones(8, 5)}


def run(
    directory: Path,
    batches: Callable[[int], dict[str, Tensor]] = batch_of,
    recipe: Recipe = RECIPE,
    validate: Validate | None = None,
    **limits: Any,
) -> Outcome:
    torch.manual_seed(1)
    return fit(Regression(), batches, recipe, Limits(**limits), directory, "stage", validate)


def stopping_at(number: int) -> Callable[[int], dict[str, Tensor]]:
    """Return batches during one of which somebody presses Ctrl-C."""

    def batches(asked: int) -> dict[str, Tensor]:
        if asked == number:
            os.kill(os.getpid(), signal.SIGINT)
        return batch_of(asked)

    return batches


def losses(*values: float) -> Callable[[nn.Module], dict[str, float]]:
    """Return a validation with these results, one after the other."""
    coming = iter(values)
    return lambda _: {"validation_loss": next(coming)}


def weights(outcome: Outcome) -> list[Tensor]:
    return list(outcome.network.state_dict().values())


def same(one: Outcome, other: Outcome) -> bool:
    pairs = zip(weights(one), weights(other), strict=True)
    return all(torch.equal(left, right) for left, right in pairs)


def history(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "history.jsonl").read_text().splitlines()]


def test_stop_and_resume_equals_straight_through_bit_by_bit(tmp_path: Path) -> None:
    straight = run(tmp_path / "straight")
    stopped = run(tmp_path / "stopped", stopping_at(7))
    assert (stopped.interrupted, stopped.finished, stopped.progress.step) == (True, False, 4)
    resumed = run(tmp_path / "stopped")
    assert (resumed.interrupted, resumed.finished, resumed.progress.step) == (False, True, 8)
    assert same(straight, resumed)
    assert not same(straight, stopped)
    assert resumed.progress.tokens == straight.progress.tokens == 8 * 2 * 40


def test_resume_draws_the_batches_that_are_left(tmp_path: Path) -> None:
    drawn: list[int] = []

    def noted(number: int) -> dict[str, Tensor]:
        drawn.append(number)
        return stopping_at(5)(number)

    run(tmp_path, noted)
    run(tmp_path, lambda number: drawn.append(number) or batch_of(number))  # type: ignore[func-returns-value]
    assert drawn == list(range(16))


def test_time_limit_saves_and_the_next_run_goes_on_to_the_same_end(tmp_path: Path) -> None:
    straight = run(tmp_path / "straight")
    for step in range(1, 9):
        piece = run(tmp_path / "pieces", max_minutes=0)
        assert piece.progress.step == step
        assert not piece.interrupted
    assert piece.finished
    assert same(straight, piece)


def test_validation_at_a_time_limit_leaves_no_trace_in_what_is_selected(tmp_path: Path) -> None:
    straight = run(tmp_path / "straight", validate=losses(3.0, 2.0), validate_every=4)
    cut = run(tmp_path / "cut", validate=losses(0.5), validate_every=4, max_minutes=0)
    assert cut.progress.best == {"step": 1, "validation_loss": 0.5}
    resumed = run(tmp_path / "cut", validate=losses(3.0, 2.0), validate_every=4)
    assert resumed.progress.best == {"step": 8, "validation_loss": 2.0}
    assert same(straight, resumed)


def test_weights_of_the_lowest_validation_loss_are_kept(tmp_path: Path) -> None:
    seen: list[list[Tensor]] = []
    results = losses(2.0, 1.0, math.nan, 1.5)

    def validate(task: nn.Module) -> dict[str, float]:
        assert not task.training
        assert not torch.is_grad_enabled()
        seen.append([value.clone() for value in task.state_dict().values()])
        return results(task)

    outcome = run(tmp_path, validate=validate, validate_every=2)
    assert outcome.progress.best == {"step": 4, "validation_loss": 1.0}
    assert all(map(torch.equal, weights(outcome), seen[1]))
    assert not all(map(torch.equal, weights(outcome), seen[3]))


def test_best_weights_survive_a_stop(tmp_path: Path) -> None:
    straight = run(tmp_path / "straight", validate=losses(1.0, 2.0, 3.0, 4.0), validate_every=2)
    run(tmp_path / "cut", stopping_at(10), validate=losses(1.0, 2.0, 3.0), validate_every=2)
    resumed = run(tmp_path / "cut", validate=losses(4.0), validate_every=2)
    assert resumed.progress.best["step"] == 2
    assert same(straight, resumed)


def test_without_a_validation_loss_the_last_weights_count(tmp_path: Path) -> None:
    plain = run(tmp_path / "plain")
    shown = run(tmp_path / "shown", validate=lambda _: {"validation_f": 1.0}, validate_every=2)
    assert shown.progress.best == {"step": 8, "validation_f": 1.0}
    assert same(plain, shown)


def test_what_is_validated_and_returned_is_the_average(tmp_path: Path) -> None:
    with_average = run(tmp_path / "ema")
    without = run(tmp_path / "none", recipe=replace(RECIPE, ema=0.0))
    assert not same(with_average, without)


def test_finished_stage_is_not_run_again(tmp_path: Path) -> None:
    first = run(tmp_path)
    again = run(tmp_path, lambda _: pytest.fail("asked for a batch"))
    assert again.finished
    assert same(first, again)


@pytest.mark.parametrize("error", [OSError(28, "No space left"), RuntimeError("failed writing")])
def test_full_disk_in_mid_save_leaves_the_previous_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    straight = run(tmp_path / "straight")
    run(tmp_path / "full", stopping_at(7))
    saved = (tmp_path / "full" / "stage" / STATE_FILE).read_bytes()

    def fail_midway(_: object, path: Path) -> None:
        path.write_bytes(b"half of it")
        raise error

    monkeypatch.setattr("training.loop.state.torch.save", fail_midway)
    with pytest.raises(
        WriteError, match=r"expected to write it, found .*what was there before is kept"
    ):
        run(tmp_path / "full")
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "full" / "stage").iterdir()] == [STATE_FILE]
    assert (tmp_path / "full" / "stage" / STATE_FILE).read_bytes() == saved
    assert same(straight, run(tmp_path / "full"))


def test_state_of_another_recipe_is_refused_with_both_named(tmp_path: Path) -> None:
    run(tmp_path, stopping_at(3))
    with pytest.raises(StateError, match=r"'steps': 9.*found one with .*'steps': 8.*--output"):
        run(tmp_path, recipe=replace(RECIPE, steps=9))


def test_state_of_another_shape_is_refused(tmp_path: Path) -> None:
    run(tmp_path, stopping_at(3))
    with pytest.raises(StateError, match="expected a state of this network, found another's"):
        fit(Regression(width=5), batch_of, RECIPE, Limits(), tmp_path, "stage")


def test_state_is_no_pickle_of_code(tmp_path: Path) -> None:
    (tmp_path / "stage").mkdir()
    torch.save({"recipe": Regression()}, tmp_path / "stage" / STATE_FILE)
    with pytest.raises(Exception, match="Weights only load failed"):
        run(tmp_path)


def test_history_is_kept_as_json_lines_and_tensorboard_events(tmp_path: Path) -> None:
    run(tmp_path, validate=losses(2.0, 1.0), validate_every=4)
    lines = history(tmp_path)
    assert [line["step"] for line in lines] == [4, 8, 8]
    assert lines[0] == {"stage": "stage", "step": 4, "minutes": lines[0]["minutes"]} | {
        "validation_loss": 2.0
    }
    assert {"loss", "tokens_per_second"} <= set(lines[1])
    assert list((tmp_path / "tensorboard" / "stage").glob("events.out.tfevents.*"))


def test_progress_bar_counts_the_steps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path)
    assert "8/8" in capsys.readouterr().err


def test_signals_are_handled_as_before_once_the_loop_is_over(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    run(tmp_path, stopping_at(3))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_interrupted_stage_ends_the_command_as_a_shell_expects(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as left:
        stop_if_interrupted(run(tmp_path, stopping_at(3)))
    assert left.value.code == 130
    stop_if_interrupted(run(tmp_path))


def test_precision_is_what_accelerate_launch_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "fp16")
    assert mixed_precision() == "fp16"
    monkeypatch.delenv("ACCELERATE_MIXED_PRECISION")
    assert mixed_precision() in ("bf16", "no")
