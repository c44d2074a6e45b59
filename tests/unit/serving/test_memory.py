"""Too little memory is told in one line before anything is started."""

from pathlib import Path

import pytest

from serving.errors import StartError
from serving.memory import LEAST_MB, MEGABYTE, require_memory

NEW, OLD = "0::/pod/sentiment\n", "4:cpu,cpuacct:/\n7:memory:/docker/1f\n"


def machine(root: Path, groups: str, file: str, limit: str) -> Path:
    """Lay out what a container sees of its control group."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    path = root / "sys/fs/cgroup" / file
    path.parent.mkdir(parents=True)
    path.write_text(f"{limit}\n")
    return root


PLACES = [
    (NEW, "pod/sentiment/memory.max"),
    (NEW, "memory.max"),
    (OLD, "memory/docker/1f/memory.limit_in_bytes"),
    (OLD, "memory/memory.limit_in_bytes"),
]


@pytest.mark.parametrize(("groups", "file"), PLACES)
def test_too_little_is_refused(groups: str, file: str, tmp_path: Path) -> None:
    root = machine(tmp_path, groups, file, str(300 * MEGABYTE))
    with pytest.raises(StartError, match=r"expected at least .* found 300 MB"):
        require_memory(root)


@pytest.mark.parametrize("limit", ["max", str(LEAST_MB * MEGABYTE), "9223372036854771712"])
@pytest.mark.parametrize(("groups", "file"), PLACES)
def test_enough_or_no_limit_is_not(groups: str, file: str, limit: str, tmp_path: Path) -> None:
    require_memory(machine(tmp_path, groups, file, limit))


def test_a_system_without_control_groups_is_not_refused(tmp_path: Path) -> None:
    require_memory(tmp_path)
