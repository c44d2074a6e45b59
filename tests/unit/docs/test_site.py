"""The documentation site: builds without a warning, and its derived parts are really there."""

import os
import sys
from pathlib import Path

import pytest

from gateway.settings import settings_table
from tests.commands import Finished, run
from tests.stack import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it: a broken link or a page outside the menu ends it."""
    folder = tmp_path_factory.mktemp("site")
    done = build("--strict", "--site-dir", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def build(*options: str) -> Finished:
    command = [sys.executable, "-m", "mkdocs", "build", *options]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return run(command, cwd=ROOT, env=environment)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("settings", "GATEWAY_MAX_IN_FLIGHT"),
        ("api", "POST /predict"),
        ("model-card", "calibrated probability"),
        ("logs/training", "Log of the experiments"),
        ("benchmarks", "through the gateway"),
        ("results", 'src="../latest.png"'),
        ("results", 'href="../model-card/"'),
        ("experiments", 'href="../logs/training/"'),
    ],
)
def test_what_is_kept_elsewhere_is_shown(site: Path, page: str, words: str) -> None:
    assert words in (site / page / "index.html").read_text()


def test_every_setting_of_the_gateway_is_on_the_site(site: Path) -> None:
    shown = (site / "settings" / "index.html").read_text()
    names = [row.split("`")[1] for row in settings_table().splitlines()[2:]]
    assert [name for name in names if name not in shown] == []


def test_a_broken_link_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("[nowhere](missing.md)\n")
    (tmp_path / "mkdocs.yml").write_text(
        f"INHERIT: {ROOT}/mkdocs.yml\nnav: [index.md]\nhooks: []\ndocs_dir: docs\n"
    )
    done = build("--strict", "--config-file", str(tmp_path / "mkdocs.yml"))
    assert done.returncode != 0
    assert "missing.md" in done.stderr + done.stdout
