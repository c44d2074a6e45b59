"""POST /feedback: stored with consent only, for its sender to delete, gone after the retention."""

import json
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator

from contract.errors import ReviewError
from contract.feedback import Report
from gateway.app import create_app
from gateway.docs import read_document
from gateway.feedback_store import SECONDS_PER_DAY, FeedbackStore
from tests.unit.gateway.fake_torchserve import FakeTorchServe

REPORT = {
    "review": "Not bad at all.",
    "given": "negative",
    "right": "positive",
    "model_version": "0123456789ab",
    "consent": True,
}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "store" / "feedback.sqlite"


@pytest.fixture
def client(torchserve: FakeTorchServe, database: Path) -> FlaskClient:
    settings = torchserve.settings(feedback_database=str(database), feedback_retention_days=30)
    return create_app(settings).test_client()


def rows(database: Path) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    found = connection.execute('SELECT review, given, "right", model_version FROM feedback')
    rows = found.fetchall()
    connection.close()
    return rows


def code_of(data: bytes) -> str:
    code: str = json.loads(data)["error"]["code"]
    return code


def test_a_report_is_stored_and_deleted_by_its_receipt(client: FlaskClient, database: Path) -> None:
    response = client.post("/feedback", json=REPORT)
    assert response.status_code == 201
    answer = json.loads(response.data)
    assert answer["retention_days"] == 30
    assert rows(database) == [("Not bad at all.", "negative", "positive", "0123456789ab")]
    assert client.delete(f"/feedback/{answer['receipt']}").status_code == 200
    assert rows(database) == []
    again = client.delete(f"/feedback/{answer['receipt']}")
    assert (again.status_code, code_of(again.data)) == (404, "unknown_receipt")


def test_the_file_is_its_owners_alone_and_never_holds_the_receipt(
    client: FlaskClient, database: Path
) -> None:
    receipt = json.loads(client.post("/feedback", json=REPORT).data)["receipt"]
    for file in database.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert receipt.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"consent": False}, 400, "no_consent"),
        ({"consent": "yes"}, 400, "no_consent"),
        ({"right": "splendid"}, 400, "unknown_label"),
        ({"given": "splendid"}, 400, "unknown_label"),
        ({"right": "negative"}, 400, "same_label"),
        ({"review": " "}, 400, "empty_review"),
        ({"review": "a" * 50_001}, 413, "review_too_long"),
        ({"model_version": 5}, 400, "wrong_type"),
        ({"model_version": "a" * 101}, 400, "wrong_type"),
        ({"name": "Ann"}, 400, "unknown_field"),
    ],
)
def test_an_unfit_report_is_not_stored(
    client: FlaskClient, database: Path, changes: dict[str, object], status: int, code: str
) -> None:
    response = client.post("/feedback", json={**REPORT, **changes})
    assert (response.status_code, code_of(response.data)) == (status, code)
    assert rows(database) == []


@pytest.mark.parametrize(("field", "code"), [("consent", "no_consent"), ("right", "missing_field")])
def test_a_missing_field_is_named(client: FlaskClient, field: str, code: str) -> None:
    report = {name: value for name, value in REPORT.items() if name != field}
    response = client.post("/feedback", json=report)
    assert (response.status_code, code_of(response.data)) == (400, code)


def test_the_same_report_twice_is_one(client: FlaskClient, database: Path) -> None:
    client.post("/feedback", json=REPORT)
    response = client.post("/feedback", json=REPORT)
    assert (response.status_code, code_of(response.data)) == (409, "already_reported")
    assert len(rows(database)) == 1


def test_without_a_database_it_is_off_and_the_model_says_so(torchserve: FakeTorchServe) -> None:
    client = create_app(torchserve.settings()).test_client()
    response = client.post("/feedback", json=REPORT)
    assert (response.status_code, code_of(response.data)) == (404, "feedback_off")
    assert client.delete("/feedback/x").status_code == 404
    assert json.loads(client.get("/model").data)["feedback"] is None


def test_the_model_says_how_long_reports_are_kept(client: FlaskClient) -> None:
    assert json.loads(client.get("/model").data)["feedback"] == {"retention_days": 30}


def test_answers_are_as_described(client: FlaskClient) -> None:
    document = read_document()
    for body in (REPORT, REPORT, {**REPORT, "consent": False}):
        response = client.post("/feedback", json=body)
        responses = document["paths"]["/feedback"]["post"]["responses"]
        schema = responses[str(response.status_code)]["content"]["application/json"]["schema"]
        validator = OAS31Validator({**schema, "components": document["components"]})
        assert list(validator.iter_errors(json.loads(response.data))) == []


def test_reports_are_gone_after_the_retention(database: Path) -> None:
    now = [1_000_000.0]
    store = FeedbackStore(str(database), 2, clock=lambda: now[0])
    store.add(Report("old", "a", "b", "1"))
    now[0] += 3 * SECONDS_PER_DAY
    store.add(Report("new", "a", "b", "1"))
    assert [row[0] for row in rows(database)] == ["new"]
    now[0] += 3 * SECONDS_PER_DAY
    FeedbackStore(str(database), 2, clock=lambda: now[0])
    assert rows(database) == []


def test_a_full_disk_is_said_and_stores_nothing(database: Path) -> None:
    store = FeedbackStore(str(database), 30)
    # SQLite takes this bound for the end of the disk; below what there is, it is what there is.
    fill = "PRAGMA max_page_count=1"
    sa.event.listen(store._engine, "connect", lambda connection, _: connection.execute(fill))
    with pytest.raises(ReviewError, match="found it full or out of reach") as raised:
        store.add(Report("x" * 40_000, "negative", "positive", "1"))
    assert raised.value.status == 503
    assert rows(database) == []
