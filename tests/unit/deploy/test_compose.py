"""compose.yaml without Docker: fields that Compose knows, files that are there, names that fit."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from tests.stack import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SCHEMA = json.loads(Path(__file__).with_name("compose_schema.json").read_text())
MOUNTS = [mount.split(":")[:2] for each in SERVICES.values() for mount in each.get("volumes", [])]
# Made by the operator; the comment at the top says so.
NOT_KEPT = {"./nginx/tls"}


def load(path: str) -> Any:
    return yaml.safe_load((DEPLOY / path).read_text())


def validate(content: dict[str, Any]) -> None:
    Draft202012Validator(SCHEMA).validate(content)


def test_every_field_is_known_every_image_pinned_every_port_on_loopback() -> None:
    validate(COMPOSE)


@pytest.mark.parametrize(
    ("service", "field", "value"),
    [
        ("service", "read-only", True),
        ("grafana", "port", ["127.0.0.1:3000:3000"]),
        ("grafana", "ports", ["3000:3000"]),
        ("prometheus", "image", "prom/prometheus"),
        ("prometheus", "image", "prom/prometheus:latest"),
        ("nginx", "restart", "sometimes"),
    ],
)
def test_a_misspelt_or_loose_field_fails(service: str, field: str, value: object) -> None:
    changed = copy.deepcopy(COMPOSE)
    changed["services"][service][field] = value
    with pytest.raises(ValidationError):
        validate(changed)


@pytest.mark.parametrize("source", sorted({source for source, _ in MOUNTS} - NOT_KEPT))
def test_what_is_mounted_is_there(source: str) -> None:
    assert (DEPLOY / source).exists()


def test_what_the_operator_makes_is_kept_out_of_git() -> None:
    assert "deploy/nginx/tls/" in (ROOT / ".gitignore").read_text().splitlines()
    assert all(
        name.removeprefix("./") in (DEPLOY / "compose.yaml").read_text() for name in NOT_KEPT
    )


def test_the_service_may_do_as_little_as_in_a_cluster() -> None:
    service = SERVICES["service"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {mount.split(":")[0] for mount in service["tmpfs"]} == {"/tmp", "/srv/run"}


def test_prometheus_reads_the_services_own_port_for_metrics() -> None:
    jobs = {job["job_name"]: job for job in load("prometheus/prometheus.yml")["scrape_configs"]}
    (target,) = jobs["sentiment"]["static_configs"][0]["targets"]
    assert target == f"service:{SERVICES['service']['environment']['GATEWAY_METRICS_PORT']}"
    assert jobs["certificate"]["dns_sd_configs"][0]["names"] == ["blackbox"]
    assert jobs["certificate"]["params"]["module"][0] in load("prometheus/blackbox.yml")["modules"]


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    (source,) = load("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    (provider,) = load("grafana/provisioning/dashboards/sentiment.yml")["providers"]
    assert source["url"] == "http://prometheus:9090"
    assert provider["options"]["path"] in {target for _, target in MOUNTS}
    for path in (DEPLOY / "grafana" / "dashboards").glob("*.json"):
        for panel in json.loads(path.read_text())["panels"]:
            assert panel["datasource"]["uid"] == source["uid"]


def test_nginx_asks_the_service_and_only_with_the_profile() -> None:
    config = (DEPLOY / "nginx" / "default.conf").read_text()
    assert re.findall(r"proxy_pass (\S+);", config) == ["http://service:8000"]
    assert {name for name, each in SERVICES.items() if each.get("profiles") == ["tls"]} == {
        "nginx",
        "blackbox",
    }
