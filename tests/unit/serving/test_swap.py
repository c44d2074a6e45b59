"""A model is replaced step by step, and a step that fails leaves the old one serving."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from serving import swap as command
from serving.canary import BLAME, PRAISE, try_out
from serving.errors import StartError
from serving.management import Version
from serving.store import SERVED, as_version, bring, open_store, settle, store_of
from serving.swap import service_of
from tests.archives import empty_archive

LABELS = ["negative", "positive"]


def answer(share: float) -> dict[str, Any]:
    """A verdict with this share for the second label."""
    return {
        "label": LABELS[share > 0.5],
        "probabilities": {LABELS[0]: 1 - share, LABELS[1]: share},
    }


class Model:
    """Answers as a model would, but for what a test changes."""

    def __init__(self, **changes: Any) -> None:
        self.shares = {PRAISE: 0.9, BLAME: 0.1}
        self.changes = changes

    def ask(self, address: str, content: Any) -> Any:
        if address == "explanations":
            return self.changes.get("explanation", {"words": [{"start": 0}]})
        if "review" in content:
            return self.changes.get("single", answer(self.shares[content["review"]]))
        many = [answer(self.shares.get(each, 0.4)) for each in content["reviews"]]
        return {"predictions": self.changes.get("many", many)}


def test_a_model_that_answers_well_is_taken() -> None:
    try_out(Model().ask, LABELS)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"single": answer(0.9)}, "found the same ones"),
        ({"single": {"error": {}}}, r"found \[\]"),
        ({"single": {"probabilities": {"no": 0.1, "yes": 0.9}}}, "found .'no', 'yes'"),
        ({"single": {"probabilities": dict.fromkeys(LABELS, 0.7)}}, "found 1.4"),
        ({"single": {"probabilities": dict.fromkeys(LABELS, float("nan"))}}, "found nan"),
        ({"many": [answer(0.9)]}, "in a list as alone"),
        ({"many": [answer(0.1)] * 3}, "in a list as alone"),
        ({"explanation": {"words": []}}, "words that explain a verdict, found none"),
    ],
)
def test_a_model_that_answers_badly_is_not(changes: dict[str, Any], found: str) -> None:
    with pytest.raises(StartError, match=found):
        try_out(Model(**changes).ask, LABELS)


def test_the_store_begins_with_what_is_to_be_served(tmp_path: Path) -> None:
    archive = empty_archive(tmp_path / "new.mar")
    store = store_of(tmp_path)
    store.mkdir()
    (store / "left-by-an-earlier-start.mar").touch()
    open_store(tmp_path, archive)
    assert [each.name for each in store.iterdir()] == [SERVED]
    assert (store / SERVED).read_bytes() == archive.read_bytes()


def test_what_took_over_is_what_a_restart_begins_with(tmp_path: Path) -> None:
    old, new = empty_archive(tmp_path / "old.mar"), empty_archive(tmp_path / "new.mar")
    with zipfile.ZipFile(new, "a") as archive:
        archive.writestr("more", b"")
    new.with_name("new.mar.sha256").unlink()
    open_store(tmp_path, old)
    with pytest.raises(StartError, match=r"new\.mar\.sha256 is missing"):
        bring(new, store_of(tmp_path))
    before = old.read_bytes()
    settle(bring(old, store_of(tmp_path)))
    assert [each.name for each in store_of(tmp_path).iterdir()] == [SERVED]
    assert not (store_of(tmp_path) / SERVED).is_symlink()
    assert old.read_bytes() == (store_of(tmp_path) / SERVED).read_bytes() == before


def test_a_version_differs_in_its_name_alone(tmp_path: Path) -> None:
    archive = empty_archive(tmp_path / "new.mar")
    with zipfile.ZipFile(as_version(archive, "2.0")) as other, zipfile.ZipFile(archive) as first:
        assert other.namelist() == first.namelist()
        assert other.read("model.safetensors") == first.read("model.safetensors")
        manifest = json.loads(other.read("MAR-INF/MANIFEST.json"))
    assert manifest == {"model": {"modelVersion": "2.0"}}


def test_an_archive_without_a_manifest_is_none(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "new.mar", "w") as archive:
        archive.writestr("model.safetensors", b"")
    with pytest.raises(StartError, match=r"holds no MAR-INF/MANIFEST\.json"):
        as_version(tmp_path / "new.mar", "2.0")


class Management:
    """Stands in for the management address: what is loaded, what is served, what was asked."""

    def __init__(self, fails: str = "") -> None:
        self.loaded = ["1.0", "left by a swap that was stopped"]
        self.default = "1.0"
        self.fails = fails

    def served(self) -> Version:
        return self.version(self.default)

    def version(self, name: str) -> Version:
        return Version(name, 1, 32, 1, 60, 120, waiting=0)

    def names(self) -> list[str]:
        return list(self.loaded)

    def description(self, version: str) -> dict[str, Any]:
        other = self.fails == "labels" and version != "1.0"
        return {"labels": ["no", "yes"] if other else LABELS, "version": version}

    def load(self, archive: str, like: Version) -> None:
        if self.fails == "load":
            raise StartError("Failed to start workers")
        self.loaded.append(archive.removeprefix("sentiment-").removesuffix(".mar"))

    def serve(self, version: str) -> None:
        self.default = version

    def unload(self, version: str) -> None:
        self.loaded.remove(version)


@pytest.fixture
def replace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that replaces the model of a service that a management stands in for."""
    archive = empty_archive(tmp_path / "new.mar")
    open_store(tmp_path, archive)
    (tmp_path / "config.properties").write_text(
        "inference_address=http://127.0.0.1:1\nmanagement_address=http://127.0.0.1:2\n"
    )

    def act(management: Management, shares: float | None = None) -> int:
        changes = {} if shares is None else {"single": answer(shares)}
        monkeypatch.setattr(command, "Management", lambda *_: management)
        monkeypatch.setattr(command, "asking", lambda *_: Model(**changes).ask)
        return command.main([str(archive), "--run-dir", str(tmp_path)])

    return act


def test_the_new_one_serves_and_nothing_else_is_left(replace: Any) -> None:
    management = Management()
    assert replace(management) == 0
    assert (management.default, management.loaded) == ("2.0", ["2.0"])


@pytest.mark.parametrize(
    ("fails", "shares", "words"),
    [
        ("load", None, "the new model cannot be loaded (Failed to start workers)"),
        ("labels", None, "found no, yes: if clients can take them, say --new-labels"),
        ("", 0.9, "expected different probabilities for praise and blame"),
    ],
)
def test_the_old_one_serves_on(
    replace: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fails: str,
    shares: float | None,
    words: str,
) -> None:
    management = Management(fails)
    assert replace(management, shares) == 2
    line = capsys.readouterr().err
    assert words in line
    assert line.endswith("; the old model serves on\n")
    assert line.count("\n") == 1
    assert (management.default, management.loaded) == ("1.0", ["1.0"])
    assert (store_of(tmp_path) / SERVED).is_symlink()


def test_one_swap_at_a_time(
    replace: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with command._alone(store_of(tmp_path)):
        assert replace(Management()) == 2
    assert "another model is being put in place" in capsys.readouterr().err


def test_ports_are_those_of_the_service_that_runs(tmp_path: Path) -> None:
    (tmp_path / "config.properties").write_text(
        "# inference_address=http://127.0.0.1:9\n"
        "inference_address=http://127.0.0.1:8080\n"
        "management_address=http://127.0.0.1:8081\n"
        "inference_address=http://127.0.0.1:18080\n"
    )
    service = service_of(tmp_path)
    assert (service.inference_port, service.management_port) == (18080, 8081)
