"""Worker, TorchServe or gateway is killed while the page is used: it goes on by itself."""

import pytest
from playwright.sync_api import expect

from tests.e2e.reader import Reader
from tests.stack import Stack
from tests.trials.deaths import JAVA, TEXTS, WORKER, kill

VICTIMS = {"worker": WORKER, "TorchServe": JAVA, "gateway": "-m gateway"}
BLAME, PRAISE = TEXTS[1], TEXTS[3]
PATIENCE_SECONDS = 120.0  # as long as the page tries, for a start on a busy machine


@pytest.mark.parametrize("victim", VICTIMS)
def test_the_page_goes_on(reader: Reader, stack: Stack, victim: str) -> None:
    labels = [reader.scored_elsewhere(review)["label"] for review in (BLAME, PRAISE)]
    assert labels[0] != labels[1]
    reader.page.evaluate("() => { window.notReloaded = true }")
    reader.ask(BLAME)
    expect(reader.label).to_have_attribute("data-label", labels[0])

    kill(stack, VICTIMS[victim])
    reader.ask(PRAISE)
    patience = PATIENCE_SECONDS * 1e3
    expect(reader.label).to_have_attribute("data-label", labels[1], timeout=patience)
    status = reader.page.locator(".status")
    expect(status).to_have_attribute("data-readiness", "ready", timeout=patience)
    assert reader.page.evaluate("() => window.notReloaded")
    expect(reader.alert).to_have_count(0)
