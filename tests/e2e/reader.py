"""A reader at the page: finds things as a person does, and notes what the browser complains of."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, Route, expect

# Verdicts take milliseconds, but a continuous integration machine may be busy with other work.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


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


class Reader:
    """One person at the page; elements are named by role and label only where they have one."""

    def __init__(self, page: Page, watch: Watch) -> None:
        self.page = page
        self.watch = watch
        self.review = page.get_by_label("Your review")
        self.send = page.locator("button[type=submit]")
        self.screen = page.get_by_role("region", name="Verdict")
        self.label = page.locator(".verdict-label")
        self.status = page.get_by_role("status")
        self.alert = page.get_by_role("alert")
        self.retry = page.get_by_role("button", name="Try again")
        self.cut = self.screen.get_by_role("note")
        self.examples = page.locator(".examples li button")

    def ask(self, review: str) -> None:
        """Write a review and press the button."""
        self.review.fill(review)
        self.send.click()

    def wait_for_verdict(self) -> str:
        """Wait until a verdict is shown and return its label."""
        expect(self.label).to_be_visible()
        return self.label.inner_text()

    def bars(self) -> dict[str, str]:
        """Return the probability shown for each label, in the order shown."""
        rows: list[Locator] = self.screen.locator(".bar").all()
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

    def answer_with(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        """Let every following request for a verdict fail in the contract's error shape."""

        def fail(route: Route) -> None:
            error = {"code": code, "message": f"Told by the test: {code}."}
            route.fulfill(status=status, headers=headers or {}, json={"error": error})

        self.page.route("**/predict", fail)

    def lose_connection(self) -> None:
        """Let every following request for a verdict get no answer at all."""
        self.page.route("**/predict", lambda route: route.abort())

    def answer_truly(self) -> None:
        """Let requests reach the gateway again."""
        self.page.unroute("**/predict")

    def hold_answers(self) -> list[Route]:
        """Keep every following request waiting; the test continues the routes it is given."""
        held: list[Route] = []
        self.page.route("**/predict", lambda route: held.append(route))
        return held

    def focused(self) -> str:
        """Return the accessible text of what has the keyboard focus."""
        text: str = self.page.evaluate(
            "() => { const focused = document.activeElement;"
            " return focused.labels?.[0]?.innerText ?? focused.innerText }"
        )
        return text
