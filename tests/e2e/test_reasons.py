"""Why a verdict came out so: words, sentences, mixed and doubtful verdicts, and reports."""

import pytest
from playwright.sync_api import expect

from tests.e2e.reader import EXPLAINED, Reader


def test_words_are_marked_where_they_stand(reader: Reader) -> None:
    reader.explain()
    reader.ask(EXPLAINED)
    reader.wait_for_verdict()
    review = reader.panel.get_by_role("blockquote")
    expect(review).to_have_text(EXPLAINED)
    for word, tone in (("superb", "high"), ("awful", "low")):
        mark = review.get_by_text(word, exact=True)
        expect(mark).to_have_class(f"word tone-{tone} weight-3")
        style = mark.evaluate("(mark) => getComputedStyle(mark).textDecorationStyle")
        assert style == ("wavy" if tone == "low" else "solid")


def test_strip_finds_a_sentence_by_keyboard(reader: Reader) -> None:
    reader.explain()
    reader.ask(EXPLAINED)
    reader.wait_for_verdict()
    strip = reader.panel.get_by_role("radio")
    expect(strip).to_have_count(2)
    strip.first.focus()
    reader.page.keyboard.press("ArrowRight")
    expect(reader.panel.get_by_text("Sentence 2: negative, 99.0%, marked")).to_be_visible()
    picked = reader.panel.locator(".picked").all_text_contents()
    assert "".join(picked) == "The script is awful."


@pytest.mark.parametrize(
    ("mixed", "certain", "word", "words"),
    [
        (True, True, "Mixed", "Taken together: negative, 90.0%"),
        (False, False, "Not sure", "It leans to negative, 58.0%"),
        (False, True, "Negative", "Very sure, 90.0%"),
    ],
)
def test_verdict_is_put_as_it_is_meant(
    reader: Reader, mixed: bool, certain: bool, word: str, words: str
) -> None:
    reader.explain(mixed, certain)
    reader.ask(EXPLAINED)
    expect(reader.word).to_have_text(word)
    expect(reader.spoken).to_contain_text(words)


def test_wrong_verdict_is_reported_with_consent_and_taken_back(reader: Reader) -> None:
    sent = reader.offer_feedback()
    reader.explain()
    reader.ask(EXPLAINED)
    reader.page.get_by_role("button", name="This is wrong").click()
    send = reader.page.get_by_role("button", name="Send the report")
    send.click()
    expect(reader.alert).to_contain_text("consent")
    assert sent == []
    reader.page.get_by_role("checkbox", name="I agree").check()
    send.click()
    expect(reader.page.get_by_text("receipt-1")).to_be_visible()
    assert sent[0]["review"] == EXPLAINED
    assert (sent[0]["given"], sent[0]["right"]) == ("negative", "positive")
    assert sent[0]["consent"] is True
    reader.page.get_by_role("button", name="Delete my report").click()
    expect(reader.page.get_by_text("Your report is deleted.")).to_be_visible()


def test_waiting_can_be_cancelled(reader: Reader) -> None:
    reader.page.clock.install()
    held = reader.hold_answers()
    reader.ask(EXPLAINED)
    reader.page.clock.run_for(6000)
    expect(reader.panel.get_by_text("longer than usual")).to_be_visible()
    with reader.page.expect_event("requestfailed"):
        reader.page.get_by_role("button", name="Cancel").click()
    expect(reader.review).to_have_value(EXPLAINED)
    assert len(held) == 1


def test_draft_outlives_a_reload(reader: Reader) -> None:
    reader.review.fill("Half a thought")
    reader.page.wait_for_function("() => sessionStorage.length > 0")
    reader.page.reload()
    expect(reader.review).to_have_value("Half a thought")


def test_history_outlives_a_reload_and_can_be_deleted(reader: Reader) -> None:
    reader.explain()
    reader.ask(EXPLAINED)
    reader.wait_for_verdict()
    reader.page.reload()
    reader.page.get_by_role("link", name="History").click()
    kept = reader.page.get_by_role("button", name="Open again")
    expect(kept).to_have_count(1)
    reader.page.get_by_role("button", name="Delete all").click()
    expect(kept).to_have_count(0)
    assert reader.page.evaluate("() => localStorage.length") == 0
