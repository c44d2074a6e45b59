"""The arithmetic of Kubernetes' HorizontalPodAutoscaler for one metric of its pods.

As its documentation and its source describe it (autoscaling/v2): the mean over all pods against a
target, a tolerance, a window that smooths the way down, and so many pods at most in a period.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

MANIFEST: Final = (
    Path(__file__).parent / "kubernetes" / "overlays" / "autoscaling" / "autoscaler.yaml"
)
SYNC_SECONDS: Final = 15  # the controller's default
TOLERANCE: Final = 0.1  # the controller's default: within it nothing changes


@dataclass(frozen=True)
class Policy:
    """What the manifest asks for; the way up in per cent, the way down in pods."""

    least: int
    most: int
    target: float
    up_percent: float
    up_seconds: float
    down_pods: int
    down_seconds: float
    down_window: float


def read_policy(manifest: Path = MANIFEST) -> Policy:
    """Return the policy of a HorizontalPodAutoscaler's manifest."""
    spec: dict[str, Any] = yaml.safe_load(manifest.read_text("utf-8"))["spec"]
    (metric,) = spec["metrics"]
    (up,) = spec["behavior"]["scaleUp"]["policies"]
    (down,) = spec["behavior"]["scaleDown"]["policies"]
    return Policy(
        spec["minReplicas"],
        spec["maxReplicas"],
        float(metric["pods"]["target"]["averageValue"]),
        up["value"],
        up["periodSeconds"],
        down["value"],
        down["periodSeconds"],
        spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"],
    )


class Autoscaler:
    """Decides every SYNC_SECONDS how many pods there should be."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._wishes: list[tuple[float, int]] = []
        self._changes: list[tuple[float, int]] = []

    def decide(self, now: float, pods: int, in_flight: Sequence[float]) -> int:
        """Return the number of pods from now on.

        `in_flight` is the metric of each pod that has one; one that is only starting counts as 0.
        """
        policy = self._policy
        wish = min(policy.most, max(policy.least, self._wish(pods, in_flight)))
        self._wishes = [each for each in self._wishes if each[0] > now - policy.down_window] + [
            (now, wish)
        ]
        if wish > pods:
            wanted = min(wish, self._highest(now, pods))
        else:
            smooth = min(pods, max(count for _, count in self._wishes))
            wanted = max(smooth, self._lowest(now, pods))
        if wanted != pods:
            self._changes.append((now, wanted - pods))
        return wanted

    def _wish(self, pods: int, in_flight: Sequence[float]) -> int:
        wanted = sum(in_flight) / self._policy.target
        return pods if abs(wanted / pods - 1) <= TOLERANCE else math.ceil(wanted)

    def _highest(self, now: float, pods: int) -> int:
        before = pods - self._changed(now, self._policy.up_seconds)
        return max(pods, math.ceil(before * (1 + self._policy.up_percent / 100)))

    def _lowest(self, now: float, pods: int) -> int:
        before = pods - self._changed(now, self._policy.down_seconds)
        return min(pods, before - self._policy.down_pods)

    def _changed(self, now: float, seconds: float) -> int:
        """Return by how much the pods have become more within the last seconds."""
        return sum(change for moment, change in self._changes if moment > now - seconds)
