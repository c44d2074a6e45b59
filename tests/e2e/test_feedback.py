"""From a wrong verdict on the page to a checkpoint trained on its report, with a real store."""

import csv
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from client import Client
from handler.checksums import file_digest
from tests.commands import output_of
from tests.e2e.reader import Reader, Watch
from tests.stack import ROOT, Stack
from tests.unit.gateway.test_server import gateway
from tests.unit.training.bert import save_bert
from tests.unit.training.labelled_tables import make_rows, write_table

REVIEW = "The film was not bad, it was great!"
WORDS = {"negative": ("awful", "boring", "bad"), "positive": ("great", "lovely", "good")}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "store" / "feedback.sqlite"


@pytest.fixture
def url(stack: Stack, database: Path, tmp_path: Path) -> Iterator[str]:
    """A gateway with a store, before the same TorchServe."""
    settings = {
        "torchserve_inference_url": stack.inference_url,
        "torchserve_management_url": stack.management_url,
        "torchserve_metrics_url": stack.metrics_url,
        "key_file": stack.key_file,
        "feedback_database": database,
        "feedback_retention_days": 30,
    }
    with gateway(tmp_path / "gateway.log", **settings) as (_, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def reader(browser: Browser, url: str) -> Iterator[Reader]:
    """A reader at the page of that gateway."""
    context = browser.new_context()
    page, watch = context.new_page(), Watch(url)
    watch.start(page)
    page.goto(f"{url}/")
    yield Reader(page, watch)
    context.close()
    assert watch.policy_violations == watch.script_errors == watch.foreign_requests == []


def stored(database: Path) -> list[tuple[str, str, str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(
            'SELECT review, given, "right", model_version FROM feedback'
        ).fetchall()


def report(reader: Reader, review: str) -> str:
    """Ask for a verdict and report it as wrong; returns the verdict."""
    reader.ask(review)
    label = reader.wait_for_verdict()
    reader.page.get_by_role("button", name="This is wrong").click()
    reader.page.get_by_role("checkbox", name="for 30 days").check()
    reader.page.get_by_role("button", name="Send the report").click()
    expect(reader.page.get_by_text("your report is kept for 30 days")).to_be_visible()
    return label


def training(*words: object) -> str:
    """Run a command of training/ and return what it prints."""
    return output_of([sys.executable, "-m", *map(str, words)], cwd=ROOT)


def test_a_report_is_stored_as_it_was_sent_and_deleted_by_its_receipt(
    reader: Reader, url: str, database: Path
) -> None:
    given = report(reader, REVIEW)
    model = Client(url).model()
    right = next(label for label in model["labels"] if label != given)
    assert stored(database) == [(REVIEW, given, right, model["version"])]
    reader.page.get_by_role("button", name="Delete my report").click()
    expect(reader.page.get_by_text("Your report is deleted.")).to_be_visible()
    assert stored(database) == []


def test_reports_become_a_checkpoint_that_takes_the_place_of_none_by_itself(
    reader: Reader, url: str, database: Path, checkpoint: Path, tmp_path: Path
) -> None:
    report(reader, REVIEW)
    client = Client(url)
    for number, (text, right) in enumerate(make_rows({"negative": 30, "positive": 30}, WORDS)):
        given = "negative" if right == "positive" else "positive"
        client.report(f"{text} {number}", given, right, client.model()["version"], consent=True)
    seen = write_table(tmp_path / "test.csv", [(REVIEW, "positive"), ("Nothing.", "negative")])
    data, run, encoder = tmp_path / "feedback.csv", tmp_path / "run", tmp_path / "encoder"

    said = training(
        *("training.feedback", "export", "--database", database),
        *("--test-data", seen, "--output", data),
    )
    assert "60 of 61 reports" in said
    with data.open(newline="") as file:
        assert REVIEW not in [row["review"] for row in csv.DictReader(file)]

    save_bert(encoder)
    training(
        *("training.run", "--data", data, "--encoder", encoder),
        *("--output", run, "--cache", tmp_path / "cache"),
    )
    before = file_digest(checkpoint / "model.safetensors")
    said = training(
        *("training.promote", "--candidate", run / "checkpoint"),
        *("--shipped", checkpoint, "--data", data),
    )
    assert "kept: the candidate is not better" in said
    assert file_digest(checkpoint / "model.safetensors") == before
