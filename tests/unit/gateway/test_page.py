"""The built page and the headers that every response carries."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.settings import Settings


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Page</title>")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-Bx31kq.js").write_text("export {}")
    (folder / "assets" / "index-Bx31kq.css").write_text(":root {}")
    (tmp_path / "secret.txt").write_text("not for the web")
    return folder


@pytest.fixture
def client(built: Path, tmp_path: Path) -> FlaskClient:
    return create_app(Settings(ui_dir=built, key_file=tmp_path / "absent.json")).test_client()


def fetch(client: FlaskClient, path: str, **request: Any) -> TestResponse:
    # Buffered, so that the file behind the response is closed here.
    return client.open(path, buffered=True, **request)


def test_the_page_is_asked_for_again_every_time_but_sent_only_if_changed(
    client: FlaskClient,
) -> None:
    response = fetch(client, "/")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert response.headers["Cache-Control"] == "no-cache"
    again = fetch(client, "/", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("index-Bx31kq.js", "text/javascript"), ("index-Bx31kq.css", "text/css")],
)
def test_assets_are_kept_for_ever_because_their_names_carry_a_hash(
    client: FlaskClient, name: str, media_type: str
) -> None:
    response = fetch(client, f"/assets/{name}")
    assert (response.status_code, response.mimetype) == (200, media_type)
    assert set(response.headers["Cache-Control"].split(", ")) == {
        "public",
        "max-age=31536000",
        "immutable",
    }


def test_files_beside_the_page_are_served(client: FlaskClient) -> None:
    response = fetch(client, "/favicon.svg")
    assert (response.status_code, response.mimetype) == (200, "image/svg+xml")
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone.js",
        "/gone.txt",
        "/assets/",
        "/assets",
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
    ],
)
def test_nothing_else_is(client: FlaskClient, path: str) -> None:
    response = fetch(client, path)
    assert response.status_code == 404
    assert json.loads(response.data)["error"]["code"] == "not_found"


def test_a_page_that_is_not_built_is_said_in_one_line(tmp_path: Path) -> None:
    client = create_app(Settings(ui_dir=tmp_path / "dist")).test_client()
    response = fetch(client, "/")
    assert (response.status_code, response.mimetype) == (503, "text/plain")
    assert response.text.count("\n") == 1
    assert "make serve" in response.text
    assert "GATEWAY_UI_DIR" in response.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/assets/index-Bx31kq.js", 200),
        ("GET", "/healthz", 200),
        ("GET", "/docs", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/predict", 405),
        ("POST", "/predict", 400),
        ("GET", "/readyz", 503),
    ],
)
def test_every_response_carries_the_security_headers(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    response = fetch(client, path, method=method)
    assert response.status_code == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in response.headers["Content-Security-Policy"]
