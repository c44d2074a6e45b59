"""The alerts in promtool: each fires when it should, stays quiet when not, and has its page."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import Finished, run
from tests.integration.deploy.prometheus import DEPLOY, program
from tests.stack import ROOT

RULES = DEPLOY / "prometheus" / "rules.yml"
TESTS = DEPLOY / "prometheus" / "rules_test.yml"


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


NAMES = [alert["alert"] for alert in alerts()]


def promtool(*words: str) -> Finished:
    return run([program("promtool"), *words])


def test_rules_and_configuration_are_valid() -> None:
    done = promtool("check", "config", str(DEPLOY / "prometheus" / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_stays_quiet_when_not() -> None:
    done = promtool("test", "rules", str(TESTS))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_each_alert_is_tried_both_ways(name: str) -> None:
    tried = [
        bool(check["exp_alerts"])
        for test in yaml.safe_load(TESTS.read_text())["tests"]
        for check in test["alert_rule_test"]
        if check["alertname"] == name
    ]
    assert sorted(tried) == [False, True]


def test_an_alert_that_cannot_fire_is_noticed(tmp_path: Path) -> None:
    rules = yaml.safe_load(RULES.read_text())
    for rule in rules["groups"][-1]["rules"]:
        rule["expr"] = "vector(0) > 1"
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    (tmp_path / "rules_test.yml").write_text(TESTS.read_text())
    done = promtool("test", "rules", str(tmp_path / "rules_test.yml"))
    assert done.returncode != 0
    assert [name for name in NAMES if f"alertname: {name}," not in done.stdout + done.stderr] == []


@pytest.mark.parametrize("alert", alerts(), ids=NAMES)
def test_each_alert_has_its_page_and_the_page_its_alert(alert: dict[str, Any]) -> None:
    page = (ROOT / alert["annotations"]["runbook"]).read_text()
    assert alert["alert"] in page
    for heading in ("## What it means", "## How to see it", "## How to mend it"):
        assert heading in page
