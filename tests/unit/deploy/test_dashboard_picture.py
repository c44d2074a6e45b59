"""The dashboard's picture: drawn from Prometheus' answers, or a line that says what is missing."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from benchmarks.stack import free_ports
from deploy.dashboard_picture import UNITS, main
from deploy.dashboards import DASHBOARDS

SERIES = {"metric": {"endpoint": "predict"}, "values": [[1.0, "0.5"], [2.0, "1"]]}


class Prometheus(BaseHTTPRequestHandler):
    """Answers every expression with the same series, as many as the server has."""

    def do_GET(self) -> None:
        """Answer query_range, and note what was asked."""
        self.server.asked.append(parse_qs(urlsplit(self.path).query)["query"][0])  # type: ignore[attr-defined]
        body = json.dumps({"data": {"result": self.server.series}}).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def prometheus() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Prometheus) as server:
        server.asked, server.series = [], [SERIES]  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def drawn(prometheus: Any, path: Path, name: str = "service") -> int:
    address = f"http://127.0.0.1:{prometheus.server_port}"
    return main([name, "--prometheus", address, "--output", str(path)])


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_expression_of_a_dashboard_is_asked_and_drawn(
    name: str, prometheus: Any, tmp_path: Path
) -> None:
    assert drawn(prometheus, tmp_path / "found.png", name) == 0
    assert (tmp_path / "found.png").read_bytes().startswith(b"\x89PNG")
    panels = DASHBOARDS[name]
    assert prometheus.asked == [each for panel in panels for each in panel.queries.values()]
    assert {panel.unit for panel in panels} <= UNITS.keys()


def test_a_prometheus_that_is_away_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"http://127.0.0.1:{free_ports(1)[0]}"
    assert main(["service", "--prometheus", address, "--output", str(tmp_path / "x.png")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert address in line
    assert "make monitor" in line


def test_a_prometheus_without_the_service_is_told_in_one_line(
    prometheus: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prometheus.series = []
    assert drawn(prometheus, tmp_path / "x.png") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "scrape" in line
    assert not (tmp_path / "x.png").exists()
