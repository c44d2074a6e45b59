"""The simulated day as a picture: traffic and pods, requests in flight, what was refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from deploy.autoscaler import SYNC_SECONDS, Policy
from deploy.simulation import Pod, Result

_MINUTE = 60


def draw(result: Result, pod: Pod, policy: Policy, path: Path) -> None:
    """Draw a day, minute by minute, into a file."""
    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, (traffic, waiting, refused) = plt.subplots(
        3, 1, figsize=(9, 7), sharex=True, layout="constrained", height_ratios=(3, 2, 1)
    )
    hours = np.arange(len(result.arrived) // _MINUTE) / 60
    _draw_traffic(traffic, hours, result, pod)
    looks = np.arange(len(result.in_flight)) * SYNC_SECONDS / 3600
    waiting.plot(looks, result.in_flight, color="tab:blue", linewidth=0.6)
    waiting.axhline(policy.target, color="tab:red", linestyle="--", label="the target")
    waiting.set_ylabel("in flight per pod")
    waiting.legend(loc="upper left")
    refused.plot(hours, _each_minute(result.refused), color="tab:red")
    refused.set(ylabel="429 per second", xlabel="hour of the simulated day", ylim=(0, None))
    figure.suptitle(
        f"Simulated, not measured: a day before the autoscaler, {result.refused_share:.3%} refused"
    )
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_traffic(axes: Any, hours: np.ndarray, result: Result, pod: Pod) -> None:
    capacity = np.array(_each_minute(result.ready)) * pod.reviews_per_second
    axes.fill_between(
        hours, capacity, step="mid", color="tab:green", alpha=0.25, label="what the ready pods can"
    )
    axes.plot(hours, _each_minute(result.arrived), color="black", linewidth=1, label="traffic")
    axes.set_ylabel("reviews per second")
    axes.legend(loc="upper left")
    pods = axes.secondary_yaxis(
        "right",
        functions=(
            lambda rate: rate / pod.reviews_per_second,
            lambda n: n * pod.reviews_per_second,
        ),
    )
    pods.set_ylabel("pods")


def _each_minute(values: Sequence[float]) -> list[float]:
    whole = len(values) // _MINUTE * _MINUTE
    means: list[float] = np.reshape(values[:whole], (-1, _MINUTE)).mean(axis=1).tolist()
    return means
