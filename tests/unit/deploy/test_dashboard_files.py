"""The dashboards in Grafana's format: written from the list of panels, nothing by hand."""

import json
from pathlib import Path

import pytest

from deploy.dashboards import DASHBOARDS, FOLDER, write


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_kept_file_is_the_one_that_would_be_written(name: str, tmp_path: Path) -> None:
    write(tmp_path)
    file = f"{name}.json"
    hint = "run `python -m deploy.dashboards`"
    assert (FOLDER / file).read_text() == (tmp_path / file).read_text(), hint


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_do_not_overlap_and_have_names_of_their_own(name: str) -> None:
    panels = json.loads((FOLDER / f"{name}.json").read_text())["panels"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len({*places}) == len({panel["title"] for panel in panels}) == len(panels)
