"""Where predictors run: one per GPU, else one per NUMA node with the node's cores."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from handler.engines.hardware import best_device

_NODES: Final = Path("/sys/devices/system/node")


@dataclass(frozen=True)
class Placement:
    """Cores and device of one predictor."""

    cores: tuple[int, ...]
    device: str

    def settle(self) -> None:
        """Bind this process to its cores; the threads that it starts stay there."""
        os.sched_setaffinity(0, self.cores)


def placements(processes: int | None = None) -> list[Placement]:
    """Return one placement per GPU or NUMA node, or as many as asked for."""
    device = best_device()
    groups = numa_nodes()
    if device.startswith("cuda"):
        import torch

        count = processes or torch.cuda.device_count()
        devices = [f"cuda:{index % torch.cuda.device_count()}" for index in range(count)]
        return [
            Placement(cores, each)
            for each, cores in zip(devices, _share(groups, count), strict=True)
        ]
    return [Placement(cores, device) for cores in _share(groups, processes or len(groups))]


def numa_nodes(nodes: Path = _NODES) -> list[tuple[int, ...]]:
    """Return the cores of each NUMA node that this process may use; one group if none is known."""
    usable = os.sched_getaffinity(0)
    groups = [
        tuple(core for core in parse_cores(path.read_text()) if core in usable)
        for path in sorted(nodes.glob("node[0-9]*/cpulist"))
    ]
    return [group for group in groups if group] or [tuple(sorted(usable))]


def parse_cores(text: str) -> list[int]:
    """Read a list of cores as Linux writes it, such as 0-3,8-11."""
    ranges = re.findall(r"(\d+)(?:-(\d+))?", text)
    return [core for low, high in ranges for core in range(int(low), int(high or low) + 1)]


def _share(groups: list[tuple[int, ...]], count: int) -> list[tuple[int, ...]]:
    """Give each of `count` processes its part of a NUMA node; nobody spans two if it can be so."""
    if count < len(groups):
        groups = [tuple(core for group in groups for core in group)]
    shared: list[tuple[int, ...]] = []
    for number, group in enumerate(groups):
        here = count // len(groups) + (number < count % len(groups))
        shared += [group[place::here] or group for place in range(here)]
    return shared
