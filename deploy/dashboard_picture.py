"""A dashboard as a picture, where no Grafana runs: the panels' expressions, asked of a Prometheus.

    python -m deploy.dashboard_picture service --minutes 10 --output dashboard.png

It sends the panels' own expressions to Prometheus (`make monitor`) and draws what comes back. It is
no photograph of Grafana, whose colours and layout differ.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import matplotlib as mpl

from deploy.dashboards import DASHBOARDS, Panel

ADDRESS: Final = "http://127.0.0.1:9090"
POINTS: Final = 240  # across a panel
COLUMNS: Final = 3
UNITS: Final = {"reqps": "per second", "s": "seconds", "percentunit": "share", "short": ""}


class PictureError(Exception):
    """What kept a picture from being drawn, in one line."""


@dataclass(frozen=True)
class Line:
    """One series of a panel: its legend, its points in time (Unix seconds) and their values."""

    legend: str
    times: list[float]
    values: list[float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw a dashboard; returns 0, or 2 and one line if Prometheus cannot tell what it needs."""
    options = _parser().parse_args(arguments)
    end = time.time()
    start = end - 60 * options.minutes
    try:
        panels = [
            (panel, _lines(options.prometheus, panel, start, end))
            for panel in DASHBOARDS[options.dashboard]
        ]
        _require_values(options.prometheus, panels)
    except PictureError as error:
        print(f"dashboard_picture: {error}", file=sys.stderr)
        return 2
    draw(options.dashboard, panels, start, options.output)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.dashboard_picture",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("dashboard", choices=DASHBOARDS)
    add("--prometheus", default=ADDRESS, metavar="URL", help=f"its address ({ADDRESS})")
    add("--minutes", type=float, default=10.0, help="how far to look back (10)")
    add("--output", type=Path, default=Path("run/dashboard.png"), metavar="FILE")
    return parser


def _lines(address: str, panel: Panel, start: float, end: float) -> list[Line]:
    return [
        _line(legend, series)
        for legend, expression in panel.queries.items()
        for series in _ask(address, expression, start, end)
    ]


def _line(legend: str, series: dict[str, Any]) -> Line:
    for name, value in series["metric"].items():
        legend = legend.replace("{{" + name + "}}", value)
    times, values = zip(*series["values"], strict=True)
    return Line(legend, list(times), [float(value) for value in values])


def _ask(address: str, expression: str, start: float, end: float) -> list[dict[str, Any]]:
    """Return an expression's series; PictureError if Prometheus is away or cannot answer."""
    asked = {"query": expression, "start": start, "end": end, "step": (end - start) / POINTS}
    url = f"{address}/api/v1/query_range?{urlencode(asked)}"
    try:
        with urlopen(url, timeout=30) as response:
            found: list[dict[str, Any]] = json.load(response)["data"]["result"]
            return found
    except HTTPError as error:
        raise PictureError(f"expected an answer to {expression}, found {error.code}") from error
    except (OSError, ValueError, LookupError) as error:
        raise PictureError(
            f"expected a Prometheus at {address}, found none ({error}): run `make monitor`, "
            "or name another with --prometheus"
        ) from error


def _require_values(address: str, panels: Iterable[tuple[Panel, list[Line]]]) -> None:
    if not any(lines for _, lines in panels):
        raise PictureError(
            f"expected the service's metrics in {address}, found none: does it scrape the service?"
        )


def draw(name: str, panels: Sequence[tuple[Panel, list[Line]]], start: float, path: Path) -> None:
    """Draw panels into a file, in the places that they have in Grafana."""
    mpl.use("agg")
    from matplotlib import pyplot as plt

    rows = -(-len(panels) // COLUMNS)
    figure, axes = plt.subplots(
        rows, COLUMNS, figsize=(15, 3.1 * rows), layout="constrained", squeeze=False
    )
    for place, panel in zip_longest(axes.flat, panels):
        if panel is None:
            place.set_axis_off()
        else:
            _draw_panel(place, panel[0], panel[1], start)
    figure.suptitle(f"Review sentiment: {name}", fontweight="bold")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _draw_panel(axes: Any, panel: Panel, lines: Sequence[Line], start: float) -> None:
    for line in lines:
        minutes = [(moment - start) / 60 for moment in line.times]
        axes.plot(minutes, line.values, label=line.legend, linewidth=1.4)
    axes.set_title(panel.title, fontsize=10, loc="left")
    axes.set_ylabel(UNITS[panel.unit], fontsize=8)
    axes.set_ylim(0, None)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    if lines:
        axes.legend(fontsize=7, loc="upper left")


if __name__ == "__main__":
    sys.exit(main())
