"""A reader at the page: finds things as a person does, and notes what the browser complains of."""

import json
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    ConsoleMessage,
    FilePayload,
    Locator,
    Page,
    Request,
    Route,
    expect,
)

# Verdicts take milliseconds, but a continuous integration machine may be busy with other work.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
# The page asks for the explanation first, and for the verdict alone where there is none.
VERDICTS = re.compile(r"/(explain|predict)$")

EXPLAINED = "\U0001f3ac The cast is superb. The script is awful."
"""A review of two sentences, which `explain` answers for."""


@dataclass
class Watch:
    """What the browser said and asked for while the page was used."""

    origin: str
    policy_violations: list[str] = field(default_factory=list)
    script_errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def start(self, page: Page) -> None:
        """Listen to the page from before its first request."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.script_errors.append(str(error)))
        page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.policy_violations.append(message.text)

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.foreign_requests.append(request.url)


def explanation(mixed: bool, certain: bool) -> dict[str, Any]:
    """Return an answer to EXPLAINED in the contract's form."""
    superb, awful = EXPLAINED.index("superb"), EXPLAINED.index("awful")
    middle = EXPLAINED.index(" The script")
    probability = 0.9 if certain else 0.58
    return {
        "label": "negative",
        "confidence": probability,
        "probabilities": {"negative": probability, "positive": 1 - probability},
        "certain": certain,
        "tokens": 12,
        "truncated": False,
        "words": [
            {"start": superb, "end": superb + 6, "contribution": -0.4},
            {"start": awful, "end": awful + 5, "contribution": 0.6},
        ],
        "sentences": [
            {
                "start": 0,
                "end": middle,
                "label": "positive",
                "confidence": 0.97,
                "contribution": -1,
            },
            {
                "start": middle + 1,
                "end": len(EXPLAINED),
                "label": "negative",
                "confidence": 0.99,
                "contribution": 1,
            },
        ],
        "mixed": mixed,
        "read": [[0, len(EXPLAINED)]],
        "method": "by hand",
        "explained": {"network": "fp32", "label": "negative", "confidence": probability},
    }


class Reader:
    """One person at the page; elements are named by role and label only where they have one."""

    def __init__(self, page: Page, watch: Watch) -> None:
        self.page = page
        self.watch = watch
        self.review = page.get_by_label("Your review")
        self.send = page.locator("button.primary[type=submit]")
        self.panel = page.get_by_role("region", name="Verdict")
        self.label = page.locator(".verdict-label")
        self.spoken = page.get_by_test_id("spoken")
        self.word = page.locator(".verdict-word")
        self.alert = page.get_by_role("alert")
        self.retry = page.get_by_role("button", name="Try again")
        self.cut = self.panel.get_by_role("note").filter(has_text="longer than the model")
        self.examples = page.locator(".examples li button")

    def ask(self, review: str) -> None:
        """Write a review and press the button."""
        self.review.fill(review)
        self.send.click()

    def wait_for_verdict(self) -> str:
        """Wait until a verdict is shown and return its label, however the verdict is put."""
        expect(self.label).to_be_visible()
        return self.label.get_attribute("data-label") or ""

    def expect_answer(self) -> AbstractContextManager[Any]:
        """Catch the answer that the page shows; where nothing explains, that is the second one."""
        return self.page.expect_response(
            lambda answer: bool(VERDICTS.search(answer.url)) and answer.status != 404
        )

    def bars(self) -> dict[str, str]:
        """Return the probability shown for each label, in the order shown."""
        rows: list[Locator] = self.panel.locator(".bar").all()
        return {
            row.locator(".bar-label").inner_text(): row.locator(".bar-percent").inner_text()
            for row in rows
        }

    def scored_elsewhere(self, review: str) -> dict[str, Any]:
        """Return the gateway's own answer to the same review, asked without the page."""
        answer = self.page.request.post(f"{self.watch.origin}/predict", data={"review": review})
        assert answer.status == 200, answer.text()
        prediction: dict[str, Any] = answer.json()
        return prediction

    def explain(self, mixed: bool = False, certain: bool = True) -> None:
        """Let every following request be answered with an explanation of EXPLAINED."""
        self.page.route("**/explain", lambda route: route.fulfill(json=explanation(mixed, certain)))

    def offer_feedback(self) -> list[dict[str, Any]]:
        """Let the service take reports; the list returned fills with what was sent."""
        sent: list[dict[str, Any]] = []
        model = {"labels": ["negative", "positive"], "feedback": {"retention_days": 30}}
        receipt = {"receipt": "receipt-1", "retention_days": 30}

        def take(route: Route) -> None:
            sent.append(json.loads(route.request.post_data or ""))
            route.fulfill(status=201, json=receipt)

        self.page.route("**/model", lambda route: route.fulfill(json=model))
        self.page.route("**/feedback", take)
        self.page.route("**/feedback/*", lambda route: route.fulfill(status=204))
        self.page.reload()
        return sent

    def give_file(self, name: str, content: str | bytes) -> None:
        """Choose a file for many reviews."""
        data = content.encode() if isinstance(content, str) else content
        file: FilePayload = {"name": name, "mimeType": "text/csv", "buffer": data}
        self.page.get_by_label("A file", exact=True).set_input_files(file)

    def answer_with(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        """Let every following request for a verdict fail in the contract's error shape."""

        def fail(route: Route) -> None:
            error = {"code": code, "message": f"Told by the test: {code}."}
            route.fulfill(status=status, headers=headers or {}, json={"error": error})

        self.page.route(VERDICTS, fail)

    def lose_connection(self) -> None:
        """Let every following request for a verdict get no answer at all."""
        self.page.route(VERDICTS, lambda route: route.abort())

    def answer_truly(self) -> None:
        """Let requests reach the gateway again."""
        self.page.unroute(VERDICTS)

    def hold_answers(self) -> list[Route]:
        """Keep every following request waiting; the test continues the routes it is given."""
        held: list[Route] = []
        self.page.route(VERDICTS, lambda route: held.append(route))
        return held

    def focused(self) -> str:
        """Return the accessible text of what has the keyboard focus."""
        text: str = self.page.evaluate(
            "() => { const focused = document.activeElement;"
            " return focused.labels?.[0]?.innerText ?? focused.innerText }"
        )
        return text
