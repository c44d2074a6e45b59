"""Tokens from TorchServe's key file: read once, renewed in time, by one thread only."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.tokens import KeyFileError, Kind, TokenKeeper, read_keys

NOW = 1_000_000_000.0  # 2001-09-09T01:46:40Z
IN_AN_HOUR = "2001-09-09T02:46:40.123456789Z"
IN_TEN_SECONDS = "2001-09-09T01:46:50Z"


def write_keys(path: Path, inference: str = "first", expiry: str = IN_AN_HOUR) -> None:
    entries = {"inference": inference, "management": "other"}
    content = {kind: {"key": key, "expiration time": expiry} for kind, key in entries.items()}
    path.write_text(json.dumps({**content, "API": {"key": "api"}}))


class Renewal:
    """Stands for TorchServe's /token: counts the calls and writes the next key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls: list[tuple[Kind, str]] = []
        self.error: Exception | None = None

    def __call__(self, kind: Kind, api_key: str) -> None:
        self.calls.append((kind, api_key))
        if self.error is not None:
            raise self.error
        write_keys(self.path, inference=f"renewed-{len(self.calls)}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_keys(tmp_path / "key_file.json")
    return tmp_path / "key_file.json"


@pytest.fixture
def renewal(path: Path) -> Renewal:
    return Renewal(path)


@pytest.fixture
def clock() -> list[float]:
    return [NOW]


@pytest.fixture
def keeper(path: Path, renewal: Renewal, clock: list[float]) -> TokenKeeper:
    return TokenKeeper(path, margin=30, renew=renewal, clock=lambda: clock[0])


def test_the_key_file_is_read_as_torchserve_writes_it(path: Path) -> None:
    keys = read_keys(path)
    assert keys.tokens["inference"].value == "first"
    assert keys.tokens["inference"].expires_at == pytest.approx(NOW + 3600.123456)
    assert keys.api_key == "api"


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "{}", '{"inference": 1}', '{"inference": {"key": "a"}}'],
)
def test_a_broken_key_file_is_named(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(KeyFileError, match=r"key_file\.json is not a TorchServe key file"):
        read_keys(path)


def test_a_date_that_is_none_makes_the_key_file_broken(path: Path) -> None:
    write_keys(path, expiry="tomorrow")
    with pytest.raises(KeyFileError, match="not a TorchServe key file"):
        read_keys(path)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"no key file at .*absent\.json"):
        read_keys(tmp_path / "absent.json")


def test_a_key_file_met_half_written_is_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = path.read_text()
    path.write_text(whole[:40])
    monkeypatch.setattr("gateway.tokens.time.sleep", lambda seconds: path.write_text(whole))
    assert read_keys(path).api_key == "api"


def test_a_valid_token_is_kept_in_memory(keeper: TokenKeeper, path: Path, renewal: Renewal) -> None:
    assert keeper.token("inference") == "first"
    path.unlink()
    assert keeper.token("inference") == "first"
    assert renewal.calls == []


def test_a_token_is_renewed_once_its_margin_begins(
    keeper: TokenKeeper, renewal: Renewal, clock: list[float]
) -> None:
    keeper.token("inference")
    clock[0] = NOW + 3600 - 31
    assert keeper.token("inference") == "first"
    clock[0] = NOW + 3600 - 29
    assert keeper.token("inference") == "renewed-1"
    assert renewal.calls == [("inference", "api")]


def test_a_token_renewed_by_another_gateway_is_taken_over(
    keeper: TokenKeeper, path: Path, renewal: Renewal, clock: list[float]
) -> None:
    keeper.token("inference")
    clock[0] = NOW + 3600
    write_keys(path, inference="from another", expiry="2001-09-09T03:46:40Z")
    assert keeper.token("inference") == "from another"
    assert renewal.calls == []


def test_many_threads_renew_a_token_once(path: Path, clock: list[float]) -> None:
    entered = threading.Event()
    go_on = threading.Event()

    class SlowRenewal(Renewal):
        def __call__(self, kind: Kind, api_key: str) -> None:
            entered.set()
            assert go_on.wait(timeout=10)
            super().__call__(kind, api_key)

    write_keys(path, expiry=IN_TEN_SECONDS)
    renewal = SlowRenewal(path)
    keeper = TokenKeeper(path, margin=30, renew=renewal, clock=lambda: clock[0])
    with ThreadPoolExecutor(8) as threads:
        tokens = [threads.submit(keeper.token, "inference") for _ in range(8)]
        assert entered.wait(timeout=10)
        go_on.set()
        assert {token.result(timeout=10) for token in tokens} == {"renewed-1"}
    assert len(renewal.calls) == 1


@pytest.mark.parametrize(
    "error", [GatewayError(502, "upstream_unreachable", "gone"), KeyFileError("gone")]
)
def test_a_token_that_cannot_be_renewed_is_used_to_its_end(
    keeper: TokenKeeper, path: Path, renewal: Renewal, clock: list[float], error: Exception
) -> None:
    write_keys(path, expiry=IN_TEN_SECONDS)
    renewal.error = error
    assert keeper.token("inference") == "first"
    assert keeper.token("inference") == "first"
    assert len(renewal.calls) == 1, "a failed renewal is not repeated at every request"
    clock[0] += 6
    renewal.error = None
    assert keeper.token("inference") == "renewed-2"


def test_a_rejected_token_is_read_again_from_the_file(keeper: TokenKeeper, path: Path) -> None:
    keeper.token("inference")
    write_keys(path, inference="second")
    assert keeper.replace("inference", rejected="first") == "second"
    assert keeper.token("inference") == "second"


def test_a_token_that_another_thread_has_replaced_is_not_read_again(
    keeper: TokenKeeper, path: Path
) -> None:
    keeper.token("inference")
    write_keys(path, inference="second")
    keeper.replace("inference", rejected="first")
    path.unlink()
    assert keeper.replace("inference", rejected="first") == "second"
