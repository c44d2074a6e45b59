"""Another model in a service that runs: taken over in flight, or turned away and unnoticed."""

import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.build import build_archive
from tests.archives import record
from tests.integration.conftest import Door, through_gateway
from tests.stack import Reply, Stack, running, send
from tests.trials.deaths import JAVA, until
from tests.trials.swaps import swap
from tests.unit.conftest import save_tiny_checkpoint

REVIEW = {"review": "Fine, on the whole."}


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A function that packs a tiny checkpoint: another seed is another model."""

    def packed(seed: int, **changes: object) -> Path:
        folder = tmp_path_factory.mktemp(f"model-{seed}")
        save_tiny_checkpoint(folder / "checkpoint", seed, **changes)
        build_archive(folder / "checkpoint", folder / "tiny.mar")
        return folder / "tiny.mar"

    return packed


@pytest.fixture(scope="module")
def archives(pack: Callable[..., Path]) -> list[Path]:
    """Two models with the same labels."""
    return [pack(seed) for seed in (1, 2)]


@pytest.fixture(scope="module")
def service(archives: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service of its own with the first of the two."""
    options = ("--prepacked", "--archive", str(archives[0]), "--startup-timeout", "180")
    with running(tmp_path_factory.mktemp("service"), *options) as runner:
        runner.wait_ready(timeout=180.0)
        yield Stack(runner)


def served(stack: Stack) -> str:
    """The version that the gateway tells."""
    version: str = send(f"{stack.gateway_url}/model").json["version"]
    return version


def ask_on(door: Door, stop: threading.Event) -> list[Reply]:
    """Ask until told to stop; returns all answers."""
    replies = [door(REVIEW)]
    while not stop.is_set():
        replies.append(door(REVIEW))
    return replies


def test_another_model_takes_over_and_no_request_is_lost(
    service: Stack, archives: list[Path]
) -> None:
    first = served(service)
    stop = threading.Event()
    replies: list[Reply] = []
    asking = threading.Thread(
        target=lambda: replies.extend(ask_on(through_gateway(service), stop)), daemon=True
    )
    asking.start()
    try:
        assert swap(archives[1], service.runner.run_dir)[0] == ""
        until(lambda: served(service) != first, 10)  # told without a review being asked
    finally:
        stop.set()
        asking.join()
    assert {reply.status for reply in replies} == {200}
    versions = [reply.headers["x-model-version"] for reply in replies]
    assert versions == sorted(versions, key=lambda version: version != first)
    assert versions[-1] == served(service) != first
    loaded = send(
        f"{service.management_url}/models/sentiment/all", headers=service.token("management")
    ).json
    assert [version["modelVersion"] for version in loaded] == ["2.0"]
    assert "sentiment_worker_restarts_total 0.0" in metrics_of(service)


def metrics_of(stack: Stack) -> str:
    """The gateway's metrics as text."""
    return send(f"{stack.gateway_url}/metrics").body.decode()


def test_the_model_that_took_over_comes_back_with_java(service: Stack) -> None:
    version = served(service)
    java = next(each for each in service.runner.family() if JAVA in " ".join(each.cmdline()))
    java.kill()
    java.wait(10)
    until(lambda: send(f"{service.gateway_url}/readyz").status != 200, 10)
    until(lambda: send(f"{service.gateway_url}/readyz").status == 200, 120)
    assert through_gateway(service)(REVIEW).headers["x-model-version"] == version


def damaged(archive: Path) -> None:
    """Flip one byte; the checksum stays."""
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)


def unloadable(archive: Path) -> None:
    """Put a configuration in that does not fit, under a checksum that does."""
    with zipfile.ZipFile(archive) as old:
        content = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(archive, "w") as new:
        for name, each in content.items():
            new.writestr(name, b"{}" if name == "config.json" else each)
    record(archive)


def no_archive(archive: Path) -> None:
    """Put something else in, under a checksum that fits."""
    archive.write_bytes(b"no archive at all")
    record(archive)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (damaged, "is not the archive that was packed"),
        (no_archive, "is no archive, or only a part of one"),
        (unloadable, "the new model cannot be loaded (Failed to start workers"),
        (Path.unlink, "or its checksum tiny.mar.sha256 is missing"),
    ],
)
def test_a_bad_archive_never_serves(
    service: Stack,
    archives: list[Path],
    tmp_path: Path,
    spoil: Callable[[Path], None],
    reason: str,
) -> None:
    bad = tmp_path / "tiny.mar"
    shutil.copyfile(archives[1], bad)
    record(bad)
    spoil(bad)
    version, workers = served(service), service.model()["workers"]
    words, _ = swap(bad, service.runner.run_dir)
    assert words.startswith("swap: ")
    assert reason in words
    assert words.endswith("; the old model serves on\n")
    assert served(service) == version
    assert [each["pid"] for each in service.model()["workers"]] == [w["pid"] for w in workers]
    assert through_gateway(service)(REVIEW).status == 200


def test_other_labels_are_a_choice(
    service: Stack, pack: Callable[..., Path], archives: list[Path]
) -> None:
    other = pack(3, labels=("no", "yes"))
    words, _ = swap(other, service.runner.run_dir)
    assert "expected the labels that are served, bad, fair, good, found no, yes" in words
    assert swap(other, service.runner.run_dir, "--new-labels")[0] == ""
    until(lambda: send(f"{service.gateway_url}/model").json["labels"] == ["no", "yes"], 10)
    assert set(through_gateway(service)(REVIEW).json["probabilities"]) == {"no", "yes"}


def test_without_a_service_there_is_nothing_to_replace(
    archives: list[Path], tmp_path: Path
) -> None:
    words, _ = swap(archives[1], tmp_path)
    assert words.startswith(f"swap: no service runs from {tmp_path}")
