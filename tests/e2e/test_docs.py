"""/docs: every route can be tried from the page, under its policy, and read by everybody."""

import json

import pytest
from playwright.sync_api import Locator, expect

from gateway.docs import read_document
from tests.e2e.axe import NARROW, outline, scan
from tests.e2e.conftest import OpenPage
from tests.e2e.reader import Reader

ROUTES = [
    (method.upper(), path)
    for path, methods in read_document()["paths"].items()
    for method in methods
]


@pytest.fixture
def docs(reader: Reader) -> Reader:
    """The reader at the description; the watch on the browser's complaints goes on."""
    reader.page.goto(f"{reader.watch.origin}/docs")
    return reader


def section(reader: Reader, method: str, path: str) -> Locator:
    return reader.page.locator(f'section[data-method="{method}"][data-path="{path}"]')


def answer(part: Locator) -> str:
    """Send what stands there and return what the page shows of the answer."""
    part.get_by_role("button", name="Send").click()
    expect(part.locator("output")).to_contain_text("x-request-id")
    return part.locator("output").inner_text()


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_shows_how_it_is_called(docs: Reader, method: str, path: str) -> None:
    names = section(docs, method, path).locator("summary").all_inner_texts()
    assert names[:3] == ["curl", "Python", "JavaScript"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/model", 200),
        ("POST", "/predict", 200),
        ("POST", "/explain", 200),
        ("POST", "/feedback", 404),
        ("DELETE", "/feedback/{receipt}", 404),
    ],
)
def test_a_route_is_tried_from_the_page(docs: Reader, method: str, path: str, status: int) -> None:
    part = section(docs, method, path)
    if method == "DELETE":
        part.get_by_role("textbox", name="Receipt").fill("none of yours")
    assert answer(part).startswith(str(status))


def test_what_stands_in_the_form_is_what_is_sent(docs: Reader) -> None:
    part = section(docs, "POST", "/explain")
    review = "A \U0001f600 film, not a dull one."
    part.get_by_label("Body").fill(json.dumps({"review": review}))
    shown = json.loads(answer(part).split("\n\n", 1)[1])
    assert shown["label"] == docs.scored_elsewhere(review)["label"]
    assert shown["explained"]["network"] == "fp32"
    part.get_by_label("Body").fill("{")
    part.get_by_role("button", name="Send").press("Enter")
    expect(part.locator("output")).to_contain_text("not_json")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(open_page: OpenPage, scheme: str) -> None:
    reader = open_page(color_scheme=scheme)
    reader.page.goto(f"{reader.watch.origin}/docs")
    answer(section(reader, "POST", "/predict"))
    for folded in reader.page.locator("details").all():
        folded.evaluate("(one) => { one.open = true }")
    assert outline(scan(reader)["violations"]) == []


def test_nothing_is_wider_than_a_narrow_screen(open_page: OpenPage) -> None:
    reader = open_page(viewport=NARROW, has_touch=True)
    reader.page.goto(f"{reader.watch.origin}/docs")
    answer(section(reader, "POST", "/explain"))
    assert reader.page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"]
    assert outline(scan(reader)["violations"]) == []
