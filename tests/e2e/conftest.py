"""The browser, and a reader in front of the page of a real gateway with a real TorchServe."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.e2e.chromium import NAMES, find_chromium, running_chromium
from tests.e2e.reader import Reader, Watch
from tests.stack import Stack

OpenPage = Callable[..., Reader]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; where it is missing, CI fails and anybody else is told of the skip."""
    executable = find_chromium()
    if executable is None:
        missing = f"the page needs a browser: set CHROMIUM, or install one of {', '.join(NAMES)}"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with running_chromium(executable) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, stack: Stack) -> Iterator[OpenPage]:
    """Open the page under given browser settings, and let no complaint of the browser pass."""
    watches = []

    def open_with(**settings: Any) -> Reader:
        watch = Watch(stack.gateway_url.rstrip("/"))
        page = browser.new_context(**settings).new_page()
        watch.start(page)
        page.goto(f"{watch.origin}/")
        watches.append(watch)
        return Reader(page, watch)

    yield open_with
    for context in browser.contexts:
        context.close()
    for watch in watches:
        assert watch.policy_violations == []
        assert watch.script_errors == []
        assert watch.foreign_requests == []


@pytest.fixture
def reader(open_page: OpenPage) -> Reader:
    """A reader with the browser's usual settings."""
    return open_page()
