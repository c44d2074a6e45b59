"""Pages of other origins in a real browser: one that is allowed, and one that is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.http_server import serving
from tests.integration.conftest import running_gateway
from tests.stack import Stack

ASK = """async ([address, headers]) => {
  try {
    const answer = await fetch(address, { method: "POST", headers, body: '{"review": "A joy."}' });
    return [answer.status, await answer.json(), answer.headers.get("x-request-id")];
  } catch (error) { return [0, String(error), null]; }
}"""
JSON = {"content-type": "application/json"}


class Empty(BaseHTTPRequestHandler):
    """A page with nothing on it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another page</title>")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Stay silent."""


@contextmanager
def another_page() -> Iterator[str]:
    """Serve a page at an origin of its own, which is yielded."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Empty)) as url:
        yield url


@pytest.fixture(scope="module")
def asked(
    browser: Browser, stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A function that asks the gateway from an allowed page, or from one that is not."""
    log = tmp_path_factory.mktemp("origins") / "gateway.log"
    with (
        another_page() as allowed,
        another_page() as other,
        running_gateway(stack, {"cors_origins": allowed}, log) as gateway,
    ):

        def ask(from_allowed: bool, headers: dict[str, str]) -> Any:
            page = browser.new_page()
            page.goto(allowed if from_allowed else other)
            answer = page.evaluate(ASK, [f"{gateway}/predict", headers])
            page.close()
            return answer

        yield ask


def test_an_allowed_page_gets_a_verdict_and_reads_its_headers(asked: Any) -> None:
    status, verdict, request_id = asked(True, JSON)
    assert (status, "label" in verdict) == (200, True)
    assert request_id


def test_an_allowed_page_has_to_say_that_it_sends_json(asked: Any) -> None:
    status, answer, _ = asked(True, {"content-type": "text/plain"})
    assert (status, answer["error"]["code"]) == (400, "not_json")


@pytest.mark.parametrize("headers", [JSON, {}], ids=["asks before", "sends at once"])
def test_another_page_gets_nothing(asked: Any, headers: dict[str, str]) -> None:
    status, found, _ = asked(False, headers)
    assert status == 0
    assert "Failed to fetch" in found
