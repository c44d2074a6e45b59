"""Learning rates, weight decay and the average of the weights, against numbers by hand."""

from typing import Any

import pytest
import torch
from torch import nn

from handler.network import ReviewClassifier
from tests.unit.conftest import make_settings
from training.loop.optimization import (
    Recipe,
    averaged,
    learning_rate_share,
    parameter_groups,
    set_learning_rate,
)
from training.options import OptionError


class Task(nn.Module):
    """A network inside a task, as every stage has it."""

    def __init__(self) -> None:
        super().__init__()
        self.network = ReviewClassifier(make_settings())


def rates(task: nn.Module, recipe: Recipe) -> dict[str, tuple[float, float]]:
    """Return each parameter's peak learning rate and weight decay by its name."""
    names = {parameter: name for name, parameter in task.named_parameters()}
    return {
        names[parameter]: (group["peak_lr"], group["weight_decay"])
        for group in parameter_groups(task, recipe)
        for parameter in group["params"]
    }


def test_layer_wise_decay_slows_each_layer_down_by_one_factor_more() -> None:
    found = rates(Task(), Recipe(steps=1, learning_rate=0.1, layer_decay=0.5, weight_decay=0.2))
    expected = {
        "network.head.1.weight": 0.1,
        "network.encoder.encoder.layer.1.output.dense.weight": 0.05,
        "network.encoder.encoder.layer.0.output.dense.weight": 0.025,
        "network.encoder.embeddings.word_embeddings.weight": 0.0125,
        "network.encoder.embeddings.position_embeddings.weight": 0.0125,
    }
    for name, rate in expected.items():
        assert found[name] == pytest.approx((rate, 0.2)), name


def test_biases_and_norms_are_not_decayed() -> None:
    found = rates(Task(), Recipe(steps=1, learning_rate=0.1, weight_decay=0.2))
    without = {name for name, (_, decay) in found.items() if decay == 0}
    norm_of_head = "network.head.2.weight"
    assert without == {norm_of_head} | {
        name for name in found if name.endswith("bias") or "LayerNorm" in name
    }


def test_frozen_parameters_are_in_no_group() -> None:
    task = Task()
    task.network.encoder.requires_grad_(False)
    assert {name.split(".")[1] for name in rates(task, Recipe(1, 0.1))} == {"head"}


def test_learning_rate_warms_up_and_decays_linearly() -> None:
    recipe = Recipe(steps=10, learning_rate=0.1, warmup_ratio=0.2)
    shares = [learning_rate_share(recipe, step) for step in range(10)]
    assert shares == pytest.approx([0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])


def test_each_group_gets_its_share_of_its_own_peak() -> None:
    task = Task()
    groups = parameter_groups(task, Recipe(1, 0.1, layer_decay=0.5))
    optimizer = torch.optim.SGD(groups)
    set_learning_rate(optimizer, 0.25)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx(
        [0.25 * group["peak_lr"] for group in groups]
    )
    assert len({group["lr"] for group in groups}) == 4


def test_average_forgets_its_start_quickly_then_decays_as_told() -> None:
    model = nn.Linear(1, 1, bias=False)
    average = averaged(model, 0.5)
    values, expected = [8.0, 4.0, 0.0, 2.0, 1.0, 1.0, 9.0, 9.0, 9.0], 8.0
    for count, value in enumerate(values):
        nn.init.constant_(model.weight, value)
        average.update_parameters(model)
        decay = min(0.5, (1 + count) / (10 + count)) if count else 0.0
        expected = decay * expected + (1 - decay) * value
    assert next(average.module.parameters()).item() == pytest.approx(expected)


def test_without_an_average_the_last_weights_count() -> None:
    model = nn.Linear(1, 1, bias=False)
    average = averaged(model, 0.0)
    for value in (3.0, 7.0):
        nn.init.constant_(model.weight, value)
        average.update_parameters(model)
    assert next(average.module.parameters()).item() == 7.0


@pytest.mark.parametrize(
    ("unfit", "message"),
    [
        ({"steps": 0}, "expected steps to be at least 1, found 0"),
        ({"learning_rate": 0}, "expected learning_rate to be between 0 and 1, found 0"),
        ({"warmup_ratio": 1.0}, "expected warmup_ratio to be from 0 to below 1, found 1.0"),
        ({"layer_decay": 0.0}, "expected layer_decay to be above 0, at most 1, found 0.0"),
        ({"accumulate": 0}, "expected accumulate to be at least 1, found 0"),
        ({"ema": 1.0}, "expected ema to be from 0 to below 1, found 1.0"),
    ],
)
def test_unfit_hyperparameters_are_named(unfit: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Recipe(**{"steps": 1, "learning_rate": 0.1, **unfit})
