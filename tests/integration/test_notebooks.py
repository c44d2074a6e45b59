"""The tutorial's notebooks run from top to bottom, with a picture where one is promised."""

import os
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from tests.commands import output_of
from tests.stack import ROOT

FOLDER = ROOT / "notebooks"
# Notebook: how many pictures it shows.
PICTURES = {"1-clean-and-explore": 2, "2-transfer-learning": 2, "3-pack-and-serve": 0}


def sources(path: Path) -> list[str]:
    notebook = jupytext.read(path)
    return [cell.source for cell in notebook.cells]


def test_all_notebooks_are_run() -> None:
    assert sorted(path.stem for path in FOLDER.glob("[0-9]*.py")) == sorted(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_a_notebook_runs_and_shows_its_pictures(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(FOLDER / "execute.py"), name, "--output", str(tmp_path)]
    environment = {**os.environ, "NOTEBOOK_OUTPUT": str(tmp_path / "files")}
    output_of(command, 540, env=environment, cwd=ROOT)
    notebook = nbformat.read(tmp_path / f"{name}.ipynb", nbformat.current_nbformat)
    shown = [each for cell in notebook.cells for each in cell.get("outputs", [])]
    assert sum("image/png" in each.get("data", {}) for each in shown) == PICTURES[name]


@pytest.mark.parametrize("name", PICTURES)
def test_the_notebook_with_outputs_is_the_text(name: str) -> None:
    assert sources(FOLDER / f"{name}.ipynb") == sources(FOLDER / f"{name}.py")
