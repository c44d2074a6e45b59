"""What this machine can compute: cores that may be used, and instructions of its processor."""

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_CPU_INFO: Final = Path("/proc/cpuinfo")


def available_cores() -> int:
    """Return the number of cores that this process may run on."""
    return len(os.sched_getaffinity(0))


def best_device() -> str:
    """Return the first GPU that torch sees, or the CPU; without torch there is none to see."""
    if find_spec("torch") is None:
        return "cpu"
    import torch  # here, because asking for a GPU is all that this file needs torch for

    return "cuda:0" if torch.cuda.is_available() else "cpu"


def has_int8() -> bool:
    """Whether the processor multiplies 8-bit integers at full width (VNNI)."""
    return bool({"avx512_vnni", "avx_vnni"} & cpu_flags())


def has_bf16() -> bool:
    """Whether the processor multiplies bf16 natively."""
    return bool({"avx512_bf16", "amx_bf16"} & cpu_flags())


@cache
def cpu_flags() -> frozenset[str]:
    """Return the processor's flags as Linux names them; elsewhere none are known."""
    if not _CPU_INFO.is_file():
        return frozenset()
    lines = _CPU_INFO.read_text().splitlines()
    return frozenset(
        next((line.split(":", 1)[1] for line in lines if line.startswith("flags")), "").split()
    )
