"""The manifests as kubectl renders them, held to the schemas of Kubernetes and of the operators."""

import copy
import json
import shutil
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from tests.commands import output_of
from tests.integration.deploy.prometheus import DEPLOY

KUBERNETES = DEPLOY / "kubernetes"
VERSION = "1.32"
OVERLAYS = ("cpu", "gpu", "autoscaling", "keda")
CUSTOM = {"ServiceMonitor", "ScaledObject"}


OLDEST_KUBECTL = 27  # its kustomize knows `labels`; Debian 12's kubectl is 1.20


@cache
def kubectl_minor() -> int:
    """Return the minor version of kubectl; without it the test says loudly what it left out."""
    if shutil.which("kubectl") is None:
        return 0
    command = ["kubectl", "version", "--client", "--output", "json"]
    return int(json.loads(output_of(command))["clientVersion"]["gitVersion"].split(".")[1])


@cache
def rendered(overlay: str) -> tuple[dict[str, Any], ...]:
    """Return the objects of an overlay."""
    if kubectl_minor() < OLDEST_KUBECTL:
        pytest.skip(f"NOT TESTED: the manifests need kubectl 1.{OLDEST_KUBECTL} or later")
    command = ["kubectl", "kustomize", str(KUBERNETES / "overlays" / overlay)]
    return tuple(yaml.safe_load_all(output_of(command)))


def named(overlay: str, kind: str) -> dict[str, Any]:
    (found,) = (each for each in rendered(overlay) if each["kind"] == kind)
    return copy.deepcopy(found)


def pod(overlay: str) -> dict[str, Any]:
    spec: dict[str, Any] = named(overlay, "Deployment")["spec"]["template"]["spec"]
    return spec


def validate(manifest: dict[str, Any]) -> None:
    """Hold an object to its schema; an API version without one is an error, not a warning."""
    if manifest["kind"] in CUSTOM:
        schema = json.loads(
            (KUBERNETES / "schemas" / f"{manifest['kind'].lower()}.json").read_text()
        )
        Draft202012Validator(schema).validate(manifest)
    else:
        kubernetes_validate.validate(manifest, VERSION, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_valid(overlay: str) -> None:
    for manifest in rendered(overlay):
        validate(manifest)


@pytest.mark.parametrize(
    ("kind", "path", "field"),
    [
        ("Deployment", ("spec", "template", "spec"), "terminationGracePeriodSecond"),
        ("Service", ("spec",), "port"),
        ("ServiceMonitor", ("spec",), "endpoint"),
        ("NetworkPolicy", ("spec",), "egres"),
        ("HorizontalPodAutoscaler", ("spec", "behavior"), "scaleup"),
        ("ScaledObject", ("spec", "fallback"), "replica"),
    ],
)
def test_a_misspelt_field_fails(kind: str, path: tuple[str, ...], field: str) -> None:
    overlays = {"HorizontalPodAutoscaler": "autoscaling", "ScaledObject": "keda"}
    manifest = named(overlays.get(kind, "cpu"), kind)
    place = manifest
    for name in path:
        place = place[name]
    place[field] = 1
    with pytest.raises((kubernetes_validate.ValidationError, ValidationError), match=field):
        validate(manifest)


def test_an_api_version_of_the_past_fails() -> None:
    manifest = named("cpu", "PodDisruptionBudget")
    manifest["apiVersion"] = "policy/v1beta1"
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        validate(manifest)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_containers_may_do_nothing_but_serve(overlay: str) -> None:
    (container,) = pod(overlay)["containers"]
    security = container["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert pod(overlay)["securityContext"]["runAsUser"] == 10001


def test_what_is_written_to_is_mounted() -> None:
    (container,) = pod("cpu")["containers"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/srv/run", "/tmp"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_find_the_pods(overlay: str) -> None:
    labels = named(overlay, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    for selector in (
        named(overlay, "Deployment")["spec"]["selector"]["matchLabels"],
        named(overlay, "Service")["spec"]["selector"],
        named(overlay, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        named(overlay, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        named(overlay, "ServiceMonitor")["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels
        assert selector


def test_a_rolling_update_never_has_fewer_pods() -> None:
    strategy = named("cpu", "Deployment")["spec"]["strategy"]["rollingUpdate"]
    assert strategy == {"maxSurge": 1, "maxUnavailable": 0}
    (container,) = pod("cpu")["containers"]
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert pod("cpu")["terminationGracePeriodSeconds"] > pause + 50  # both servers' own grace


def test_an_autoscaler_and_a_fixed_number_do_not_fight() -> None:
    for overlay in ("autoscaling", "keda"):
        assert "replicas" not in named(overlay, "Deployment")["spec"]


def test_both_autoscalers_look_at_the_same_number() -> None:
    (trigger,) = named("keda", "ScaledObject")["spec"]["triggers"]
    (metric,) = named("autoscaling", "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] in trigger["metadata"]["query"]
    assert metric["pods"]["target"]["averageValue"] == trigger["metadata"]["threshold"]


def test_both_autoscalers_behave_alike() -> None:
    keda = named("keda", "ScaledObject")["spec"]
    own = named("autoscaling", "HorizontalPodAutoscaler")["spec"]
    assert keda["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == own["behavior"]
    assert keda["minReplicaCount"] == own["minReplicas"]
    assert keda["maxReplicaCount"] == own["maxReplicas"]
