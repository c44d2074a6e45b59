"""Enough memory to start with: with too little, the worker would only be killed again and again."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from serving.errors import StartError

MEGABYTE: Final = 2**20
LEAST_MB: Final = 700  # Java, a worker and the gateway, as measured without load: docs/operate.md


def require_memory(root: Path = Path("/")) -> None:
    """Raise StartError where the machine's or the container's memory cannot hold the service.

    `root` is where proc and sys are looked for.
    """
    found = min(_bounds(root), default=None)
    if found is not None and found < LEAST_MB * MEGABYTE:
        raise StartError(
            f"expected at least {LEAST_MB} MB of memory, found {found // MEGABYTE} MB: "
            "give the machine or the container more (docker run --memory 1500m)"
        )


def _bounds(root: Path) -> Iterator[int]:
    """Yield the bytes that the machine has, and those that the control group allows."""
    with suppress(ValueError, OSError):
        yield os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _limit_files(root):
        text = path.read_text().strip() if path.is_file() else ""
        if text.isdecimal():
            yield int(text)


def _limit_files(root: Path) -> Iterator[Path]:
    """Yield where a control group's limit may stand, of either version, named or as seen inside."""
    groups = root / "proc/self/cgroup"
    for line in groups.read_text().splitlines() if groups.is_file() else ():
        _, kind, group = line.split(":", 2)
        if kind == "":
            yield from _named(root / "sys/fs/cgroup", group, "memory.max")
        elif "memory" in kind.split(","):
            yield from _named(root / "sys/fs/cgroup/memory", group, "memory.limit_in_bytes")


def _named(folder: Path, group: str, file: str) -> Iterator[Path]:
    yield folder / group.lstrip("/") / file
    yield folder / file
