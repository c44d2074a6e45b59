"""What stands in the way of a verdict is said where it matters, and can be mended or retried."""

import pytest
from playwright.sync_api import expect

from tests.e2e.reader import VERDICTS, Reader

REVIEW = "A slow start, and then I could not look away."


def expect_alert_at_the_review(reader: Reader, text: str) -> None:
    expect(reader.alert).to_contain_text(text)
    described_by = reader.review.get_attribute("aria-describedby") or ""
    assert reader.alert.get_attribute("id") in described_by.split()


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (429, "queue_full", "Many reviews are being read"),
        (500, "internal", "Something went wrong"),
        (502, "upstream_unreachable", "does not answer"),
        (503, "not_ready", "not ready yet"),
        (504, "upstream_timeout", "took too long"),
    ],
)
def test_failed_request_is_explained_and_retried(
    reader: Reader, status: int, code: str, text: str
) -> None:
    reader.answer_with(status, code)
    reader.ask(REVIEW)
    expect_alert_at_the_review(reader, text)
    expect(reader.review).to_have_attribute("aria-invalid", "false")
    reader.answer_truly()
    reader.retry.click()
    reader.wait_for_verdict()
    expect(reader.alert).to_have_count(0)
    expect(reader.review).to_have_value(REVIEW)
    expect(reader.send).to_be_focused()


def test_a_lost_connection_is_told_and_the_page_asks_again_by_itself(reader: Reader) -> None:
    reader.lose_connection()
    reader.ask(REVIEW)
    expect(reader.panel).to_contain_text("cannot be reached")
    expect(reader.panel).to_contain_text("tries again by itself")
    reader.answer_truly()
    reader.wait_for_verdict()
    expect(reader.alert).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [(502, "upstream_failed", "model server failed"), (503, "not_ready", "not ready yet")],
)
def test_a_service_that_will_be_back_is_asked_again_by_itself(
    reader: Reader, status: int, code: str, text: str
) -> None:
    reader.answer_with(status, code, {"Retry-After": "1"})
    reader.ask(REVIEW)
    expect(reader.panel).to_contain_text(text)
    expect(reader.panel).to_contain_text("tries again by itself")
    reader.answer_truly()
    reader.wait_for_verdict()
    expect(reader.review).to_have_value(REVIEW)


def test_a_wait_beyond_the_pages_patience_is_left_to_the_reader(reader: Reader) -> None:
    reader.answer_with(503, "not_ready", {"Retry-After": "600"})
    reader.ask(REVIEW)
    expect_alert_at_the_review(reader, "not ready yet")
    expect(reader.retry).to_contain_text("Try again in")


def test_retry_waits_as_long_as_the_service_asks(reader: Reader) -> None:
    reader.page.clock.install(time=0)
    reader.page.clock.pause_at(60)
    reader.answer_with(429, "queue_full", {"Retry-After": "2"})
    reader.ask(REVIEW)
    expect_alert_at_the_review(reader, "wait 2 seconds")
    for seconds in (2, 1):
        expect(reader.retry).to_have_text(f"Try again in {seconds} s")
        expect(reader.retry).to_have_attribute("aria-disabled", "true")
        reader.page.clock.run_for(1000)
    expect(reader.retry).to_have_text("Try again")
    reader.answer_truly()
    reader.retry.click()
    reader.wait_for_verdict()


@pytest.mark.parametrize("body", ["<!doctype html>", '{"verdict": "fine"}', ""])
def test_answer_in_another_form_is_not_shown_as_a_verdict(reader: Reader, body: str) -> None:
    reader.page.route(VERDICTS, lambda route: route.fulfill(status=200, body=body))
    reader.ask(REVIEW)
    expect_alert_at_the_review(reader, "cannot read")
    expect(reader.label).to_have_count(0)


@pytest.mark.parametrize("review", ["", "   \n\t "])
def test_empty_review_is_not_sent(reader: Reader, review: str) -> None:
    sent = reader.hold_answers()
    reader.ask(review)
    expect_alert_at_the_review(reader, "no review yet")
    expect(reader.review).to_have_attribute("aria-invalid", "true")
    expect(reader.review).to_be_focused()
    assert sent == []
    reader.review.fill("Now there is one.")
    expect(reader.alert).to_have_count(0)


def test_too_long_review_is_kept_counted_and_not_sent(reader: Reader) -> None:
    sent = reader.hold_answers()
    before = reader.send.bounding_box()
    reader.ask("x" * 50_001)
    expect_alert_at_the_review(reader, "too long")
    assert reader.send.bounding_box() == before  # what one is about to press stays
    expect(reader.page.get_by_text("50,001 of 50,000 characters, 1 too many")).to_be_visible()
    assert sent == []
    assert len(reader.review.input_value()) == 50_001


def test_longest_review_is_sent_and_scored(reader: Reader) -> None:
    reader.ask("It was worth the wait. 🍿" * 2083 + "x" * 8)
    expect(reader.page.get_by_text("50,000 of 50,000 characters")).to_be_visible()
    reader.wait_for_verdict()
    expect(reader.cut).to_be_visible()


def test_gateways_own_complaint_about_a_review_is_passed_on(reader: Reader) -> None:
    with reader.expect_answer() as answered:
        reader.ask("A NUL \0 in the middle.")
    assert answered.value.status == 400
    expect_alert_at_the_review(reader, answered.value.json()["error"]["message"])
    expect(reader.review).to_have_attribute("aria-invalid", "true")
    expect(reader.retry).to_have_count(0)
    reader.ask(REVIEW)
    reader.wait_for_verdict()


def test_policy_refuses_inline_code_and_the_watch_sees_it(reader: Reader) -> None:
    """Shows that the checks after every test would notice a breach."""
    reader.page.evaluate("() => { document.body.innerHTML += '<i style=\"color:red\">x</i>' }")
    reader.page.evaluate(
        "() => { const script = document.createElement('script');"
        " script.textContent = 'document.title = 1'; document.body.append(script) }"
    )
    reader.page.evaluate("() => fetch('http://127.0.0.1:9/').catch(() => null)")
    told = " ".join(reader.watch.policy_violations)
    for directive in ("style-src", "script-src", "connect-src"):
        assert directive in told
    assert reader.page.title() == "Review verdict"
    reader.watch.policy_violations.clear()
    reader.watch.foreign_requests.clear()
