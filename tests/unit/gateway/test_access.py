"""Keys, rates, hosts and origins: what is refused, what is allowed, and what is said about it."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from gateway import keys
from gateway.app import create_app
from tests.unit.gateway.fake_torchserve import FakeTorchServe

REVIEW = {"review": "A fine film."}


def client(torchserve: FakeTorchServe, **settings: Any) -> FlaskClient:
    return create_app(torchserve.settings(**settings)).test_client()


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json["error"]["code"]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_only_a_valid_key_is_let_in(torchserve: FakeTorchServe, keys_file: Path) -> None:
    key = keys.create(keys_file, "Ada")
    asking = client(torchserve, keys_file=keys_file)
    assert code(asking.post("/predict", json=REVIEW)) == (401, "invalid_key")
    for wrong in (key[:-1], key + "x", "rs_unknown", "", "ä", key.upper()):
        answer = asking.post("/predict", json=REVIEW, headers=bearer(wrong))
        assert code(answer) == (401, "invalid_key")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert torchserve.predictions == []
    assert asking.post("/predict", json=REVIEW, headers=bearer(key)).status_code == 200
    assert asking.get("/healthz").status_code == 200


def test_a_new_key_counts_at_once_and_a_revoked_one_no_more(
    torchserve: FakeTorchServe, keys_file: Path
) -> None:
    asking = client(torchserve, keys_file=keys_file)
    first, second = keys.create(keys_file, "Ada"), keys.create(keys_file, "Grace")
    keys.revoke(keys_file, keys.read(keys_file)[0].id)
    assert asking.post("/predict", json=REVIEW, headers=bearer(first)).status_code == 401
    assert asking.post("/predict", json=REVIEW, headers=bearer(second)).status_code == 200


def test_the_file_holds_no_key_and_is_private(
    keys_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = ["--file", str(keys_file)]
    assert keys.main([*file, "create", "Ada"]) == 0
    key = capsys.readouterr().out.strip()
    secret = key.rpartition("_")[2]
    assert secret not in keys_file.read_text()
    assert keys_file.stat().st_mode & 0o777 == 0o600
    assert keys.main([*file, "list"]) == 0
    listed = capsys.readouterr().out
    assert "valid Ada" in listed
    assert secret not in listed
    key_id = listed.split()[0]
    assert keys.main([*file, "revoke", key_id]) == 0
    assert keys.main([*file, "revoke", "none"]) == 1
    assert "expected a key with the id none" in capsys.readouterr().err


def test_a_quota_is_per_caller_and_told_in_headers(
    torchserve: FakeTorchServe, keys_file: Path
) -> None:
    ada, grace = keys.create(keys_file, "Ada"), keys.create(keys_file, "Grace")
    asking = client(torchserve, keys_file=keys_file, rate_limit="2/minute; 100/day")
    answers = [asking.post("/predict", json=REVIEW, headers=bearer(ada)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[0].headers["RateLimit-Limit"] == "2"
    assert code(answers[2]) == (429, "quota_used_up")
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert asking.post("/predict", json=REVIEW, headers=bearer(grace)).status_code == 200


def test_without_keys_an_address_is_a_caller(torchserve: FakeTorchServe) -> None:
    asking = client(torchserve, rate_limit="1/minute")
    there = {"REMOTE_ADDR": "192.0.2.7"}
    assert asking.post("/predict", json=REVIEW).status_code == 200
    assert asking.post("/predict", json=REVIEW).status_code == 429
    assert asking.post("/predict", json=REVIEW, environ_overrides=there).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9999"])
def test_a_page_of_another_origin_may_not_send_reviews(
    torchserve: FakeTorchServe, origin: str
) -> None:
    answer = client(torchserve).post(
        "/predict", data=b'{"review": "x"}', headers={"Origin": origin}
    )
    assert code(answer) == (403, "foreign_origin")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert torchserve.predictions == []


def test_the_services_own_page_and_an_allowed_one_may(torchserve: FakeTorchServe) -> None:
    allowed = "https://films.example"
    asking = client(torchserve, cors_origins=(allowed,))
    own = asking.post("/predict", json=REVIEW, headers={"Origin": "http://localhost"})
    assert own.status_code == 200
    other = asking.post("/predict", json=REVIEW, headers={"Origin": allowed})
    assert other.status_code == 200
    assert other.headers["Access-Control-Allow-Origin"] == allowed
    before = asking.options("/predict", headers={"Origin": allowed})
    assert before.status_code == 204
    assert "authorization" in before.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("content_type", [None, "text/plain", "multipart/form-data; boundary=x"])
def test_an_allowed_page_has_to_ask_before_it_sends(
    torchserve: FakeTorchServe, content_type: str | None
) -> None:
    allowed = "https://films.example"
    asking = client(torchserve, cors_origins=(allowed,))
    body = b'{"review": "x"}'
    answer = asking.post(
        "/predict", data=body, content_type=content_type, headers={"Origin": allowed}
    )
    assert code(answer) == (400, "not_json")
    assert torchserve.predictions == []
    own = asking.post("/predict", data=body, headers={"Origin": "http://localhost"})
    assert own.status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("films.example", 200),
        ("films.example:8000", 200),
        ("[::1]:8000", 200),
        ("evil.example", 403),
    ],
)
def test_an_unknown_host_is_refused(torchserve: FakeTorchServe, host: str, status: int) -> None:
    asking = client(torchserve, trusted_hosts=("films.example", "::1"))
    assert asking.get("/healthz", headers={"Host": host}).status_code == status


def test_metrics_with_an_address_of_their_own_are_nowhere_else(torchserve: FakeTorchServe) -> None:
    assert client(torchserve).get("/metrics").status_code == 200
    assert client(torchserve, metrics_port=9).get("/metrics").status_code == 404
