"""Everybody can use the page: by keyboard, at 320 px, in both themes, with a screen reader."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage
from tests.e2e.reader import Reader

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
NARROW = {"width": 320, "height": 640}
STATES = ("idle", "pending", "resolved", "cut", "error", "too long")


def bring_into(reader: Reader, state: str) -> None:
    """Bring the page into one of STATES and wait until it is there."""
    if state == "pending":
        reader.hold_answers()
        reader.ask("A review that waits.")
        expect(reader.send).to_have_text("Reading…")
    elif state == "resolved":
        reader.ask("A review that is read.")
        reader.wait_for_verdict()
    elif state == "cut":
        reader.examples.filter(has_text="The lighthouse").click()
        expect(reader.cut).to_be_visible()
    elif state == "error":
        reader.lose_connection()
        reader.ask("A review that is lost.")
        expect(reader.retry).to_be_visible()
    elif state == "too long":
        reader.review.fill("x" * 50_001)
        expect(reader.alert).to_be_visible()


def scan(reader: Reader) -> dict[str, Any]:
    """Run axe on the page as it stands, once its fades are over."""
    reader.page.wait_for_function(
        "() => document.getAnimations().every((one) => one.effect.getTiming().iterations > 1"
        " || one.playState === 'finished')"
    )
    reader.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = reader.page.evaluate("() => axe.run()")
    return found


def outline(findings: list[dict[str, Any]]) -> list[str]:
    return [f"{one['id']}: {node['html']}" for one in findings for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_no_violation(open_page: OpenPage, state: str, scheme: str) -> None:
    reader = open_page(color_scheme=scheme)
    bring_into(reader, state)
    found = scan(reader)
    assert outline(found["violations"]) == []
    unjudged = [one for one in found["incomplete"] if one["id"] == "color-contrast"]
    assert outline(unjudged) == []
    assert len(found["passes"]) > 15


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_wider_than_a_narrow_screen(open_page: OpenPage, state: str) -> None:
    reader = open_page(viewport=NARROW, has_touch=True)
    bring_into(reader, state)
    assert reader.page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"]
    for element in (reader.review, reader.send, reader.screen, reader.examples.first):
        box = element.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW["width"]


def test_verdict_comes_into_view_on_a_narrow_screen(open_page: OpenPage) -> None:
    reader = open_page(viewport=NARROW, has_touch=True)
    expect(reader.screen.get_by_text("It will be shown here.")).not_to_be_in_viewport()
    reader.examples.last.click()
    reader.wait_for_verdict()
    expect(reader.label).to_be_in_viewport()


def test_keyboard_alone_is_enough(reader: Reader) -> None:
    keyboard = reader.page.keyboard
    expect(reader.review).to_be_visible()  # the page is drawn: there is something to move to
    keyboard.press("Tab")
    assert reader.focused() == "Your review"
    keyboard.type("Nobody here puts a foot wrong.")
    keyboard.press("Tab")
    assert reader.focused() == "Get the verdict"
    expect_focus_is_visible(reader)
    keyboard.press("Enter")
    reader.wait_for_verdict()
    assert reader.focused() == "Get the verdict"
    for example in reader.examples.all():
        keyboard.press("Tab")
        expect(example).to_be_focused()
        expect_focus_is_visible(reader)
    keyboard.press("Space")
    expect(reader.review).not_to_have_value("Nobody here puts a foot wrong.")
    keyboard.press("Tab")
    expect(reader.page.get_by_role("contentinfo").get_by_role("link")).to_be_focused()
    expect_focus_is_visible(reader)


def expect_focus_is_visible(reader: Reader) -> None:
    width = reader.page.evaluate(
        "() => { const style = getComputedStyle(document.activeElement);"
        " return style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth) }"
    )
    assert width >= 2


def test_keyboard_reaches_another_try(reader: Reader) -> None:
    reader.answer_with(503, "not_ready")
    reader.review.fill("A review that has to wait.")
    reader.review.press("Control+Enter")
    expect(reader.retry).to_be_visible()
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Tab")
    expect(reader.retry).to_be_focused()
    reader.answer_truly()
    reader.page.keyboard.press("Enter")
    reader.wait_for_verdict()
    expect(reader.send).to_be_focused()


def test_themes_follow_the_readers_setting(open_page: OpenPage) -> None:
    def page_lightness(scheme: str) -> float:
        colour: str = open_page(color_scheme=scheme).page.evaluate(
            "() => getComputedStyle(document.documentElement).backgroundColor"
        )
        channels = colour.removeprefix("rgb(").removesuffix(")").split(",")
        return sum(float(channel) for channel in channels) / 3 / 255

    assert page_lightness("light") > 0.8
    assert page_lightness("dark") < 0.2


@pytest.mark.parametrize(("motion", "running"), [("reduce", 0), ("no-preference", 1)])
def test_nothing_moves_for_who_wants_no_motion(
    open_page: OpenPage, motion: str, running: int
) -> None:
    reader = open_page(reduced_motion=motion)
    bring_into(reader, "pending")
    moving = reader.page.evaluate("() => Math.sign(document.getAnimations().length)")
    assert moving == running


def test_verdict_is_spoken_and_focus_stays(reader: Reader) -> None:
    assert reader.status.get_attribute("aria-live") in (None, "polite")
    expect(reader.status).to_be_empty()
    reader.review.fill("Not once did I look at my watch.")
    reader.review.press("Control+Enter")
    label = reader.wait_for_verdict()
    expect(reader.status).to_contain_text(f"Verdict: {label}.")
    expect(reader.status).to_contain_text("%")
    expect(reader.review).to_be_focused()
