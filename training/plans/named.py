"""The plans by the names that `--plan` takes."""

from collections.abc import Callable
from typing import Final

from training.plans.compact import gpu, light, tutorial
from training.plans.plan import RunOptions, Step
from training.plans.transfer import distilled, few, smoke, transfer

_PLANS: Final[dict[str, Callable[[RunOptions], list[Step]]]] = {
    "transfer": transfer,
    "few": few,
    "distilled": distilled,
    "light": light,
    "gpu": gpu,
    "tutorial": tutorial,
    "smoke": smoke,
}


def steps_of(run: RunOptions) -> list[Step]:
    """Return the steps of the plan that a run is asked for."""
    return _PLANS["smoke" if run.smoke else run.plan](run)
