"""Who may import whom: the rules in pyproject.toml stop what they are there to stop."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.commands import Finished, run
from tests.stack import ROOT

ROOMS = (
    "contract", "client", "handler", "archive", "training", "bulk", "gateway", "serving",
    "benchmarks",
)  # fmt: skip


def lint(folder: Path) -> Finished:
    return run([Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=folder)


@pytest.fixture
def rooms(tmp_path: Path) -> Path:
    """A copy of the rooms' Python files, to be broken."""
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        ("gateway/scoring.py", "import torch", "The gateway knows the contract, and TorchServe"),
        ("gateway/scoring.py", "import handler.files", "The gateway knows the contract, and"),
        ("handler/predictor.py", "import training.run", "The handler knows only the contract"),
        ("handler/predictor.py", "import ts", "Only the handler's own file knows TorchServe"),
        ("contract/checks.py", "import numpy", "The contract knows nobody"),
        ("training/data/readers.py", "import training.run", "Training reads from the bottom up"),
        ("gateway/settings.py", "import gateway.app", "No circles within a room"),
    ],
)
def test_an_import_that_a_rule_forbids_is_found(
    rooms: Path, file: str, line: str, rule: str
) -> None:
    with (rooms / file).open("a") as code:
        code.write(f"\n{line}\n")
    done = lint(rooms)
    assert done.returncode == 1
    summary, _, details = " ".join(done.stdout.split()).partition("Broken contracts")
    assert "BROKEN" in summary
    assert rule in details


def test_the_rooms_as_they_are_keep_every_rule(rooms: Path) -> None:
    done = lint(rooms)
    assert done.returncode == 0, done.stdout
