"""Every expression in a real Prometheus under traffic: the panels' and the autoscalers'."""

import json
import math
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import yaml

from deploy.autoscaler import Autoscaler, read_policy
from deploy.dashboards import DASHBOARDS
from tests.integration.conftest import running_gateway
from tests.integration.deploy.prometheus import DEPLOY, Prometheus, running
from tests.stack import Stack, send

SCORED = ("A joy from start to end.", "Dull, " * 50, "I fell asleep and missed nothing.") * 10
REVIEWS = (*SCORED, " ", " ")
EXPRESSIONS = [
    pytest.param(expression, id=f"{name}: {panel.title} ({legend})")
    for name, panels in DASHBOARDS.items()
    for panel in panels
    for legend, expression in panel.queries.items()
]


@pytest.fixture(scope="module")
def gateway(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway that measures drift."""
    folder = tmp_path_factory.mktemp("gateway")
    settings = {"reference": str(_write_reference(stack, folder))}
    with running_gateway(stack, settings, folder / "gateway.log") as url:
        yield url


@pytest.fixture(scope="module")
def prometheus(gateway: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus, and traffic at the gateway that it scrapes until the last test has run."""
    with running(tmp_path_factory.mktemp("prometheus"), gateway) as found, asking(gateway, 1):
        found.wait_for("sum(rate(sentiment_verdicts_total[5m])) > 0", seconds=120)
        found.wait_for("sum(sentiment_drift_index)", seconds=120)
        yield found


@contextmanager
def asking(gateway: str, clients: int) -> Iterator[None]:
    """Have so many clients send one list after the other until the block ends."""
    stop = threading.Event()
    with ExitStack() as parts:
        for _ in range(clients):
            traffic = threading.Thread(target=_ask, args=(f"{gateway}/predict", stop), daemon=True)
            traffic.start()
            parts.callback(traffic.join)
        parts.callback(stop.set)
        yield


def _write_reference(stack: Stack, folder: Path) -> Path:
    """Write a reference for the version that is served, with other reviews than will be sent."""
    version = send(f"{stack.gateway_url}/model").json["version"]
    counts = {"confidence": {"+Inf": 90, "0.9": 10}, "tokens": {"511": 100}, "label": {"x": 100}}
    path = folder / "reference.json"
    path.write_text(json.dumps({"model_version": version, **counts}))
    return path


def _ask(url: str, stop: threading.Event) -> None:
    body = json.dumps({"reviews": REVIEWS}).encode()
    while not stop.is_set():
        send(url, "POST", body, {"Content-Type": "application/json"})


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_panel_shows_numbers(prometheus: Prometheus, expression: str) -> None:
    values = prometheus.values(expression)
    assert values
    assert all(math.isfinite(value) for value in values), values


def test_what_the_panels_show_is_what_was_asked(prometheus: Prometheus) -> None:
    (unscored,) = prometheus.values(
        "sum(sentiment_unscored_reviews_total) / sum(sentiment_verdicts_total)"
    )
    assert unscored == pytest.approx(2 / len(SCORED))


def test_reviews_unlike_the_training_set_show_as_drift(prometheus: Prometheus) -> None:
    assert min(prometheus.values('sentiment_drift_index{quantity=~"tokens|label"}')) > 0.25


def scaling_expressions() -> dict[str, str]:
    """Return what the manifests have Prometheus asked, over seconds in place of a minute."""
    overlays = DEPLOY / "kubernetes" / "overlays"
    keda = yaml.safe_load((overlays / "keda" / "scaledobject.yaml").read_text())
    adapter = yaml.safe_load((overlays / "autoscaling" / "adapter.yaml").read_text())
    (rule,) = adapter["rules"]["custom"]
    filled = {"Series": "gateway_in_flight", "LabelMatchers": 'job="sentiment"', "GroupBy": "job"}
    query = rule["metricsQuery"]
    for name, value in filled.items():
        query = query.replace(f"<<.{name}>>", value)
    found = {
        "KEDA": keda["spec"]["triggers"][0]["metadata"]["query"],
        "adapter": query,
        "rule": "avg(avg_over_time(gateway_in_flight[1m]))",
    }
    assert all("[1m]" in each for each in found.values())
    assert found["rule"] in (DEPLOY / "prometheus" / "rules.yml").read_text()
    return {name: each.replace("[1m]", "[3s]") for name, each in found.items()}


@pytest.mark.parametrize("name", ["KEDA", "adapter", "rule"])
def test_the_autoscalers_see_one_client_and_let_the_pods_be(
    prometheus: Prometheus, name: str
) -> None:
    (in_flight,) = prometheus.wait_for(f"{scaling_expressions()[name]} > 0")
    assert in_flight <= 1
    assert Autoscaler(read_policy()).decide(0, 2, [in_flight]) == 2


def test_the_autoscalers_see_a_load_and_ask_for_pods(prometheus: Prometheus, gateway: str) -> None:
    clients, expressions = 23, scaling_expressions()
    with asking(gateway, clients):
        for expression in expressions.values():
            (in_flight,) = prometheus.wait_for(f"{expression} > {clients - 3}")
            assert in_flight <= clients + 1
            assert Autoscaler(read_policy()).decide(0, 2, [in_flight]) == 3
    for expression in expressions.values():
        prometheus.wait_for(f"{expression} <= 1")


def test_a_killed_worker_fires_the_alert_and_is_counted(
    prometheus: Prometheus, stack: Stack
) -> None:
    firing = 'ALERTS{alertname="NoWorkerReady", alertstate="firing"}'
    assert prometheus.values(firing) == []
    psutil.Process(int(stack.model()["workers"][0]["pid"])).kill()
    prometheus.wait_for(firing)
    prometheus.wait_for("sentiment_workers_ready == 1", seconds=180)
    assert prometheus.wait_for("sentiment_worker_restarts_total > 0") == [1]
