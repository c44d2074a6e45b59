"""The dashboards as a list of panels; `python -m deploy.dashboards` writes Grafana's JSON from it.

Rates are taken over five minutes, so that every panel has a value at any scrape interval up to two.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "grafana" / "dashboards"
_DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
_ANSWERED = 'endpoint=~"predict|explain"'


@dataclass(frozen=True)
class Panel:
    """One graph: its title, its unit as Grafana names it, an expression for each legend."""

    title: str
    unit: str
    queries: dict[str, str]


def _quantile(q: float, metric: str, matching: str = "") -> str:
    return f"histogram_quantile({q}, sum by (le) (rate({metric}_bucket{matching}[5m])))"


def _share(part: str, whole: str) -> str:
    # Without traffic there is no share, and none of it is in trouble.
    return f"sum(rate({part}[5m])) / (sum(rate({whole}[5m])) > 0) or vector(0)"


SERVICE = (
    Panel(
        "Requests",
        "reqps",
        {"{{endpoint}}": "sum by (endpoint) (rate(gateway_requests_total[5m]))"},
    ),
    Panel(
        "Answers by class",
        "reqps",
        {
            "{{status_class}}": "sum by (status_class) (rate(gateway_request_seconds_count[5m]))",
        },
    ),
    Panel(
        "Failed and refused, share of all",
        "percentunit",
        {
            "5xx": _share(
                'gateway_requests_total{status=~"5..",' + _ANSWERED + "}",
                "gateway_requests_total{" + _ANSWERED + "}",
            ),
            "429": _share(
                'gateway_requests_total{status="429"}', "gateway_requests_total{" + _ANSWERED + "}"
            ),
        },
    ),
    Panel(
        "Duration of predictions",
        "s",
        {
            f"p{round(q * 100)}": _quantile(q, "gateway_request_seconds", '{endpoint="predict"}')
            for q in (0.5, 0.95, 0.99)
        },
    ),
    Panel("Ready workers", "short", {"{{instance}}": "sentiment_workers_ready"}),
    Panel(
        "Restarts in an hour",
        "short",
        {
            "workers": "sum(increase(sentiment_worker_restarts_total[1h]))",
            "gateway": "sum(changes(process_start_time_seconds[1h]))",
        },
    ),
    Panel(
        "TorchServe's failures, by code",
        "reqps",
        {
            "{{code}}": "sum by (code) (rate(gateway_upstream_failures_total[5m])) or vector(0)",
        },
    ),
    Panel(
        "Token for TorchServe valid for",
        "s",
        {
            "{{kind}}": "(gateway_token_expiry_timestamp_seconds > 0) - time()",
        },
    ),
    Panel("Build", "short", {"{{version}} on Python {{python}}": "gateway_build_info"}),
)

MODEL = (
    Panel(
        "Verdicts by label",
        "percentunit",
        {
            "{{label}}": "sum by (label) (rate(sentiment_verdicts_total[5m]))"
            " / ignoring (label) group_left sum(rate(sentiment_verdicts_total[5m]))",
        },
    ),
    Panel(
        "Confidence",
        "percentunit",
        {
            "median": _quantile(0.5, "sentiment_confidence_ratio"),
            "lowest tenth below": _quantile(0.1, "sentiment_confidence_ratio"),
        },
    ),
    Panel(
        "Not certain, not read in full, not scored",
        "percentunit",
        {
            "not certain": _share("sentiment_uncertain_verdicts_total", "sentiment_verdicts_total"),
            "truncated": _share("sentiment_truncated_reviews_total", "sentiment_verdicts_total"),
            "unscored": _share("sentiment_unscored_reviews_total", "gateway_reviews_total"),
        },
    ),
    Panel(
        "Length in tokens",
        "short",
        {
            "median": _quantile(0.5, "sentiment_review_tokens"),
            "p90": _quantile(0.9, "sentiment_review_tokens"),
        },
    ),
    Panel(
        "Drift against the training set (0.1 some, 0.25 much)",
        "short",
        {
            "{{quantity}}": "max by (quantity) (sentiment_drift_index)",
        },
    ),
    Panel("Engine", "short", {"{{engine}}": "count by (engine) (sentiment_engine_info)"}),
    Panel(
        "Feedback and explanations",
        "reqps",
        {
            "{{endpoint}}": 'sum by (endpoint) (rate(gateway_requests_total{endpoint=~"explain|feed'
            'back"}[5m])) or vector(0)',
        },
    ),
)

CAPACITY = (
    Panel(
        "Requests in flight",
        "short",
        {
            "{{instance}}": "gateway_in_flight",
            "places": "sum(gateway_places)",
        },
    ),
    Panel("Oldest request", "s", {"{{instance}}": "gateway_oldest_request_seconds"}),
    Panel(
        "Places left in TorchServe's queue",
        "short",
        {"{{instance}}": "torchserve_queue_places_left"},
    ),
    Panel(
        "Waiting for the worker, mean",
        "s",
        {
            "mean": "sum(rate(torchserve_queue_seconds_total[5m]))"
            " / (sum(rate(torchserve_requests_total[5m])) > 0) or vector(0)",
        },
    ),
    Panel(
        "Reviews scored", "reqps", {"reviews/s": "sum(rate(sentiment_reviews_scored_total[5m]))"}
    ),
    Panel("Tokens scored", "reqps", {"tokens/s": "sum(rate(sentiment_tokens_scored_total[5m]))"}),
    Panel(
        "Reviews in a batch, mean",
        "short",
        {
            "reviews": "sum(rate(sentiment_reviews_scored_total[5m]))"
            " / (sum(rate(sentiment_inference_seconds_count[5m])) > 0) or vector(0)",
        },
    ),
    Panel(
        "Scoring a batch",
        "s",
        {
            "p50": _quantile(0.5, "sentiment_inference_seconds"),
            "p95": _quantile(0.95, "sentiment_inference_seconds"),
        },
    ),
    Panel(
        "Share of time spent scoring",
        "percentunit",
        {
            "{{instance}}": "sum by (instance) (rate(sentiment_inference_seconds_sum[5m]))",
        },
    ),
    Panel(
        "Gateway's processor and memory",
        "short",
        {
            "cores": "sum(rate(process_cpu_seconds_total[5m]))",
            "GB": "sum(process_resident_memory_bytes) / 1e9",
        },
    ),
)

DASHBOARDS = {"service": SERVICE, "model": MODEL, "capacity": CAPACITY}


def as_grafana(name: str, panels: tuple[Panel, ...]) -> dict[str, Any]:
    """Return one dashboard as Grafana imports it."""
    return {
        "uid": f"sentiment-{name}",
        "title": f"Review sentiment: {name}",
        "tags": ["sentiment"],
        "schemaVersion": 39,
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "30s",
        "panels": [_panel(index, panel) for index, panel in enumerate(panels)],
    }


def _panel(index: int, panel: Panel) -> dict[str, Any]:
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": _DATASOURCE,
        "gridPos": {"x": index % 3 * 8, "y": index // 3 * 8, "w": 8, "h": 8},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": expression, "legendFormat": legend}
            for number, (legend, expression) in enumerate(panel.queries.items())
        ],
    }


def write(folder: Path = FOLDER) -> None:
    """Write each dashboard to a file of its own."""
    for name, panels in DASHBOARDS.items():
        text = json.dumps(as_grafana(name, panels), indent=1, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    write()
