"""From a review to its verdict: by button, by keyboard, by example."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.reader import Reader

REVIEW = "Zoë Okafor is superb, and I was moved to tears by the last reel. 🎬"


def test_typed_review_gets_the_gateways_verdict(reader: Reader) -> None:
    reader.review.press_sequentially(REVIEW)
    expect(reader.page.get_by_text(f"{len(REVIEW)} of 50,000 characters")).to_be_visible()
    reader.send.click()
    expected = reader.scored_elsewhere(REVIEW)
    assert reader.wait_for_verdict() == expected["label"]
    expect(reader.spoken).to_contain_text(expected["label"], ignore_case=True)
    tokens = reader.panel.locator("dt", has_text="tokens read").locator("xpath=../dd")
    expect(tokens).to_have_text(str(expected["tokens"]))
    expect(reader.cut).to_have_count(0)


def test_bars_show_every_label_in_the_checkpoints_order(reader: Reader, checkpoint: Path) -> None:
    reader.ask(REVIEW)
    reader.wait_for_verdict()
    id2label = json.loads((checkpoint / "config.json").read_text())["id2label"]
    expected = reader.scored_elsewhere(REVIEW)["probabilities"]
    shown = reader.bars()
    assert list(shown) == [id2label[index] for index in sorted(id2label, key=int)]
    for label, probability in expected.items():
        percent = float(shown[label].strip("<>%"))
        assert percent == pytest.approx(100 * probability, abs=0.2)


def test_bar_widths_follow_the_probabilities(reader: Reader) -> None:
    reader.ask(REVIEW)
    reader.wait_for_verdict()
    expected = reader.scored_elsewhere(REVIEW)["probabilities"]
    bars = reader.panel.locator(".bar-filled").all()
    for bar, probability in zip(bars, expected.values(), strict=True):
        width = bar.get_attribute("width") or ""
        assert float(width.rstrip("%")) == pytest.approx(100 * probability, abs=0.2)


@pytest.mark.parametrize("shortcut", ["Control+Enter", "Meta+Enter"])
def test_shortcut_sends_the_review(reader: Reader, shortcut: str) -> None:
    reader.review.fill(REVIEW)
    reader.review.press(shortcut)
    reader.wait_for_verdict()
    expect(reader.review).to_have_value(REVIEW)


def test_plain_enter_starts_a_new_line(reader: Reader) -> None:
    reader.review.fill("First line")
    reader.review.press("Enter")
    expect(reader.review).to_have_value("First line\n")
    expect(reader.spoken).to_be_empty()


def test_timing_is_shown_stage_by_stage(reader: Reader) -> None:
    with reader.expect_answer() as answered:
        reader.ask(REVIEW)
    reader.wait_for_verdict()
    timing = answered.value.headers["server-timing"]
    stages = [entry.split(";")[0].strip() for entry in timing.split(",")]
    names = reader.panel.locator("dt").all_text_contents()
    assert "gateway" in stages
    assert names[-2:] == ["waiting and network", "in all"]
    assert [name for name in names if name.split(" ")[0] in stages] != []


def test_every_example_gets_a_verdict(reader: Reader) -> None:
    assert reader.examples.count() >= 4
    for example in reader.examples.all():
        with reader.expect_answer() as answered:
            example.click()
        expected = answered.value.json()
        expect(reader.spoken).to_contain_text(expected["label"], ignore_case=True)
        sent = json.loads(answered.value.request.post_data or "")["review"]
        expect(reader.review).to_have_value(sent)


def test_an_example_says_whether_the_model_agrees_with_a_person(reader: Reader) -> None:
    for example in reader.examples.all():
        expected = example.locator("strong").inner_text()
        example.click()
        label = reader.wait_for_verdict()
        agrees = expected == label or expected == reader.word.inner_text().lower()
        words = f"A person would say: {expected}{', too' if agrees else '. Texts like this'}"
        expect(reader.panel.get_by_text(words)).to_be_visible()


def test_only_the_long_example_is_cut_and_says_so(reader: Reader) -> None:
    cut = []
    for example in reader.examples.all():
        with reader.expect_answer() as answered:
            example.click()
        answer = answered.value.json()
        expect(reader.spoken).to_contain_text("Verdict:")
        expect(reader.cut).to_have_count(1 if answer["truncated"] else 0)
        if answer["truncated"]:
            cut.append(example.inner_text())
            expect(reader.cut).to_contain_text(f"{answer['tokens']} tokens")
    assert len(cut) == 1
    assert "Long review" in cut[0]


def test_own_review_comes_back_after_an_example(reader: Reader) -> None:
    reader.review.fill("Words of my own.")
    reader.examples.first.click()
    reader.wait_for_verdict()
    reader.page.get_by_role("button", name="Bring back my review").click()
    expect(reader.review).to_have_value("Words of my own.")
    expect(reader.review).to_be_focused()


def test_newer_review_supersedes_a_pending_one(reader: Reader) -> None:
    held = reader.hold_answers()
    reader.ask("An older review.")
    expect(reader.send).to_have_text("Reading…")
    expect(reader.spoken).to_have_text("Reading the review.")
    with reader.page.expect_event("requestfailed") as aborted:
        reader.ask(REVIEW)
    assert aborted.value.post_data_json == {"review": "An older review."}
    expect(reader.send).to_have_text("Reading…")
    expected = reader.scored_elsewhere(REVIEW)
    held[1].fulfill(json=expected)
    assert reader.wait_for_verdict() == expected["label"]


def test_footer_leads_to_the_documentation(reader: Reader) -> None:
    with reader.page.expect_navigation(url="**/docs") as navigation:
        reader.page.get_by_role("contentinfo").get_by_role("link").click()
    assert navigation.value is not None
    assert navigation.value.status == 200
