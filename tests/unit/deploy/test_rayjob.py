"""The RayJob: its fields by KubeRay's reference, its pods by the schema of Kubernetes."""

import copy
import json
import shlex
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from bulk.command import parser
from tests.stack import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
VERSION = "1.32"


@pytest.fixture
def job() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "bulk" / "rayjob.yaml").read_text())
    return found


def groups(job: dict[str, Any]) -> list[dict[str, Any]]:
    cluster = job["spec"]["rayClusterSpec"]
    return [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]


def validate(job: dict[str, Any]) -> None:
    schema = json.loads((FOLDER / "schemas" / "rayjob.json").read_text())
    Draft202012Validator(schema).validate(job)
    for group in groups(job):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ray"}, **group["template"]}
        kubernetes_validate.validate(pod, VERSION, strict=True)


def test_it_is_valid(job: dict[str, Any]) -> None:
    validate(job)


@pytest.mark.parametrize(
    "path",
    [
        ("spec",),
        ("spec", "rayClusterSpec"),
        ("spec", "rayClusterSpec", "headGroupSpec"),
        ("spec", "rayClusterSpec", "headGroupSpec", "template", "spec"),
    ],
)
def test_a_misspelt_field_fails(job: dict[str, Any], path: tuple[str, ...]) -> None:
    misspelt = copy.deepcopy(job)
    place = misspelt
    for name in path:
        place = place[name]
    place["replica"] = 1
    with pytest.raises((ValidationError, kubernetes_validate.ValidationError), match="replica"):
        validate(misspelt)


def test_its_command_is_one_that_the_command_line_takes(job: dict[str, Any]) -> None:
    python, flag, module, *words = shlex.split(job["spec"]["entrypoint"])
    assert (python, flag, module) == ("python", "-m", "bulk")
    options = parser().parse_args(words)
    assert (options.ray, options.address, options.checkpoint) == (True, "auto", Path("model"))


def test_pods_report_nothing_home_and_may_do_nothing_but_score(job: dict[str, Any]) -> None:
    for group in groups(job):
        (container,) = group["template"]["spec"]["containers"]
        assert {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"} in container["env"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/tmp", "/dev/shm"}


def test_ray_is_of_one_version(job: dict[str, Any]) -> None:
    version = job["spec"]["rayClusterSpec"]["rayVersion"]
    assert f'"ray[data]=={version}"' in (ROOT / "pyproject.toml").read_text()
    assert f"rayproject/ray:{version}-py311" in (FOLDER / "bulk" / "Dockerfile").read_text()
