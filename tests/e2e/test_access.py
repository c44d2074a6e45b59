"""Everybody can use the page: by keyboard, at 320 px, in both themes, with a screen reader."""

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import NARROW, outline, scan
from tests.e2e.conftest import OpenPage
from tests.e2e.reader import EXPLAINED, Reader

STATES = (
    "idle",
    "pending",
    "resolved",
    "explained",
    "mixed",
    "not sure",
    "report",
    "cut",
    "error",
    "too long",
)
VIEWS = ("many", "choosing", "unreadable", "results", "history", "comparison")


def bring_into(reader: Reader, state: str) -> None:
    """Bring the page into one of STATES and wait until it is there."""
    if state == "pending":
        reader.hold_answers()
        reader.ask("A review that waits.")
        expect(reader.send).to_have_text("Reading…")
    elif state == "resolved":
        reader.ask("A review that is read.")
        reader.wait_for_verdict()
    elif state in ("explained", "mixed", "not sure"):
        reader.explain(mixed=state == "mixed", certain=state != "not sure")
        reader.ask(EXPLAINED)
        reader.wait_for_verdict()
        reader.panel.get_by_role("radio").first.check(force=True)
    elif state == "report":
        reader.offer_feedback()
        reader.ask("A review that is read.")
        reader.page.get_by_role("button", name="This is wrong").click()
    elif state == "cut":
        reader.examples.filter(has_text="Long review").click()
        expect(reader.cut).to_be_visible()
    elif state == "error":
        reader.answer_with(500, "internal")
        reader.ask("A review that is lost.")
        expect(reader.retry).to_be_visible()
    elif state == "too long":
        reader.review.fill("x" * 50_001)
        expect(reader.alert).to_be_visible()


def bring_to(reader: Reader, view: str) -> None:
    """Bring the page to one of VIEWS and wait until it is there."""
    page = reader.page
    if view in ("history", "comparison"):
        for example in reader.examples.all()[:2]:
            example.click()
            reader.wait_for_verdict()
        page.get_by_role("link", name="History").click()
        if view == "comparison":
            boxes = page.get_by_role("checkbox", name="Compare")
            # `all` does not wait for the view that the link opens.
            expect(boxes).to_have_count(2)
            for box in boxes.all():
                box.check()
            expect(page.get_by_role("region", name="Comparison")).to_be_visible()
        return
    page.get_by_role("link", name="Many reviews").click()
    if view == "many":
        return
    empty = view == "unreadable"
    reader.give_file("reviews.csv", "" if empty else "id,review\n1,A joy.\n2,\n3,Dull and long.\n")
    if empty:
        expect(reader.alert).to_contain_text("empty")
    elif view == "results":
        page.get_by_role("button", name="Judge").click()
        expect(page.get_by_text("Done.")).to_be_attached()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_no_violation_in_the_other_views(
    open_page: OpenPage, view: str, scheme: str
) -> None:
    reader = open_page(color_scheme=scheme)
    bring_to(reader, view)
    found = scan(reader)
    assert outline(found["violations"]) == []


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_is_wider_than_a_narrow_screen(open_page: OpenPage, view: str) -> None:
    reader = open_page(viewport=NARROW, has_touch=True)
    bring_to(reader, view)
    assert reader.page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"]
    assert outline(scan(reader)["violations"]) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_no_violation(open_page: OpenPage, state: str, scheme: str) -> None:
    reader = open_page(color_scheme=scheme)
    bring_into(reader, state)
    found = scan(reader)
    assert outline(found["violations"]) == []
    if state != "cut":  # axe does not judge the letters beside the tag of what was not read
        unjudged = [one for one in found["incomplete"] if one["id"] == "color-contrast"]
        assert outline(unjudged) == []
    assert len(found["passes"]) > 15


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_wider_than_a_narrow_screen(open_page: OpenPage, state: str) -> None:
    reader = open_page(viewport=NARROW, has_touch=True)
    bring_into(reader, state)
    assert reader.page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"]
    for element in (reader.review, reader.send, reader.panel, reader.examples.first):
        box = element.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW["width"]


def test_verdict_comes_into_view_on_a_narrow_screen(open_page: OpenPage) -> None:
    reader = open_page(viewport=NARROW, has_touch=True)
    expect(reader.panel.get_by_text("The answer will stand here.")).not_to_be_in_viewport()
    reader.examples.last.click()
    reader.wait_for_verdict()
    expect(reader.label).to_be_in_viewport()


def test_keyboard_alone_is_enough(reader: Reader) -> None:
    keyboard = reader.page.keyboard
    expect(reader.review).to_be_visible()  # the page is drawn: there is something to move to
    press_until(reader, "Your review")
    keyboard.type("Nobody here puts a foot wrong.")
    keyboard.press("Tab")
    assert reader.focused() == "Get the verdict"
    expect_focus_is_visible(reader)
    keyboard.press("Enter")
    reader.wait_for_verdict()
    assert reader.focused() == "Get the verdict"
    expect(reader.panel.get_by_text("Copy as curl")).to_be_visible()
    press_until(reader, "Model, tokens and timing")
    for example in reader.examples.all():
        keyboard.press("Tab")
        expect(example).to_be_focused()
        expect_focus_is_visible(reader)
    keyboard.press("Space")
    expect(reader.review).not_to_have_value("Nobody here puts a foot wrong.")
    press_until(reader, "Use it from your own program")


def press_until(reader: Reader, text: str) -> None:
    """Press Tab until what has this text has the focus; all that is passed shows its focus."""
    for _ in range(20):
        reader.page.keyboard.press("Tab")
        expect_focus_is_visible(reader)
        if reader.focused() == text:
            return
    raise AssertionError(f"{text!r} cannot be reached by the keyboard")


def expect_focus_is_visible(reader: Reader) -> None:
    # A radio button of the strip is too small to see: its label shows the focus.
    width = reader.page.evaluate(
        "() => { const focused = document.activeElement;"
        " const style = getComputedStyle(focused.closest('.beat') ?? focused);"
        " return style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth) }"
    )
    assert width >= 2


def test_keyboard_reaches_another_try(reader: Reader) -> None:
    reader.answer_with(503, "not_ready")
    reader.review.fill("A review that has to wait.")
    reader.review.press("Control+Enter")
    expect(reader.retry).to_be_visible()
    for _ in ("send", "clear", "retry"):
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
    assert reader.spoken.get_attribute("aria-live") in (None, "polite")
    expect(reader.spoken).to_be_empty()
    reader.review.fill("Not once did I look at my watch.")
    reader.review.press("Control+Enter")
    label = reader.wait_for_verdict()
    expect(reader.spoken).to_contain_text("Verdict: ")
    expect(reader.spoken).to_contain_text(label, ignore_case=True)
    expect(reader.spoken).to_contain_text("%")
    expect(reader.review).to_be_focused()
