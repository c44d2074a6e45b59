"""The script behind `make serve` and the image: all or nothing is started, and nothing is left."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import psutil
import pytest

from tests.stack import Runner, Stack, running, send

READY_WITHIN = 10.0  # seconds, on two cores, for a start that has nothing to set up
BUSY = 2.0 * (os.cpu_count() or 1)  # load average; the tests' own servers make about half of it
JAVA, GATEWAY = "org.pytorch.serve.ModelServer", "-m gateway"


@pytest.fixture
def started(serving_options: list[str], stack: Stack, tmp_path: Path) -> Iterator[Runner]:
    """A second service beside the shared one, READY; its archive has been packed before."""
    with running(tmp_path / "run", *serving_options) as runner:
        runner.wait_ready(timeout=120.0)
        yield runner


def member(runner: Runner, word: str) -> psutil.Process:
    """Return the oldest process of a runner with this word in its command line."""
    return next(process for process in runner.family() if word in " ".join(process.cmdline()))


def assert_all_gone(family: list[psutil.Process], runner: Runner) -> None:
    """Hold a runner to its promise: no process, no listener and no token is left of it."""
    _, alive = psutil.wait_procs(family, timeout=10.0)
    assert alive == []
    for port in runner.ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not (runner.run_dir / "key_file.json").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_stop_leaves_no_process(started: Runner, stack: Stack, number: int) -> None:
    family = started.family()
    assert len(family) >= 3  # Java, its worker, the gateway
    assert started.stop(number) == 0
    assert_all_gone(family, started)
    assert started.errors == []
    assert sum(line.startswith("READY: http://127.0.0.1:") for line in started.output) == 1
    # Two services on one machine share nothing: the other one has not noticed.
    assert send(f"{stack.gateway_url}/readyz").status == 200


def test_second_start_is_ready_soon(
    serving_options: list[str], stack: Stack, tmp_path: Path
) -> None:
    begin = time.monotonic()
    with running(tmp_path, *serving_options) as runner:
        runner.wait_ready(timeout=120.0)
        seconds = time.monotonic() - begin
        assert "Packing" not in "".join(runner.output)
        if os.getloadavg()[0] > BUSY:
            # Others have the cores: what counts then is the work that two free ones would do.
            seconds = cpu_seconds(runner)
        assert seconds <= READY_WITHIN


def cpu_seconds(runner: Runner) -> float:
    """Return the processor time that a runner and all that it started have used."""
    family = [psutil.Process(runner.process.pid), *runner.family()]
    return sum(sum(process.cpu_times()[:2]) for process in family)


@pytest.mark.parametrize(("word", "name"), [(JAVA, "TorchServe"), (GATEWAY, "the gateway")])
def test_a_dead_server_is_started_again(started: Runner, word: str, name: str) -> None:
    victim = member(started, word)
    victim.kill()
    url = f"http://127.0.0.1:{started.ports[0]}/readyz"
    deadline = time.monotonic() + 120
    while not (is_reborn(started, word, victim) and is_ready(url)):
        assert started.process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert started.errors[0].startswith(f"serve: {name} ended with code -9")
    assert "starting it again in 0 s" in started.errors[0]
    family = started.family()
    assert started.stop() == 0
    assert_all_gone(family, started)


def is_reborn(runner: Runner, word: str, victim: psutil.Process) -> bool:
    """Return whether another process does the work of one that was killed."""
    with suppress(StopIteration, psutil.NoSuchProcess):
        return bool(member(runner, word).pid != victim.pid)
    return False


def is_ready(url: str) -> bool:
    """Return whether the gateway listens and says that it is ready."""
    with suppress(OSError, HTTPException):
        return send(url).status == 200
    return False


def test_servers_end_with_a_runner_that_is_killed(started: Runner) -> None:
    family = started.family()
    started.process.kill()
    _, alive = psutil.wait_procs(family, timeout=30.0)
    assert alive == []


def refusal(run_dir: Path, *options: str, **environment: str) -> str:
    """Return the one line with which a runner refuses to start."""
    with running(run_dir, *options, environment=environment) as runner:
        assert runner.wait() == 2
    assert runner.output == []
    assert len(runner.errors) == 1, runner.errors
    return runner.errors[0]


def test_taken_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refusal(tmp_path, "--metrics-port", str(port))
    assert line.startswith(f"serve: port {port} for TorchServe metrics cannot be had")


def test_missing_checkpoint(tmp_path: Path) -> None:
    line = refusal(tmp_path, "--checkpoint", str(tmp_path))
    assert line.startswith(f"serve: no checkpoint in {tmp_path}: config.json, model.safetensors")


def test_damaged_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(checkpoint, damaged)
    os.truncate(damaged / "model.safetensors", 1_000)
    archive = tmp_path / "damaged.mar"
    with running(tmp_path, "--checkpoint", str(damaged), "--archive", str(archive)) as runner:
        assert runner.wait() == 2
    assert len(runner.errors) == 1, runner.errors
    assert runner.errors[0].startswith(f"serve: packing {damaged} failed: archive: ")
    assert not archive.exists()


@pytest.mark.parametrize(
    ("version", "found"), [("1.8.0_202", "is Java 8"), (None, "holds no bin/java that runs")]
)
def test_unfit_java(tmp_path: Path, version: str | None, found: str) -> None:
    if version:
        java = tmp_path / "bin" / "java"
        java.parent.mkdir()
        java.write_text(f"#!/bin/sh\necho 'java version \"{version}\"' >&2\n")
        java.chmod(0o755)
    line = refusal(tmp_path / "run", JAVA_HOME=str(tmp_path))
    assert line.startswith(f"serve: JAVA_HOME={tmp_path} {found}, but TorchServe needs Java 17")


def test_page_that_is_not_built(tmp_path: Path) -> None:
    line = refusal(tmp_path / "run", "--page", str(tmp_path))
    assert line == f"serve: no built page in {tmp_path}: run `make page`\n"


def test_archive_that_is_not_the_one_packed(tmp_path: Path) -> None:
    archive = tmp_path / "sentiment.mar"
    archive.write_bytes(b"something else")
    archive.with_name("sentiment.mar.sha256").write_text("0" * 64 + "  sentiment.mar\n")
    line = refusal(tmp_path, "--prepacked", "--archive", str(archive))
    assert line.startswith(f"serve: {archive} is not the archive that was packed")


def test_model_that_cannot_be_loaded_is_reported(
    serving_options: list[str], stack: Stack, tmp_path: Path
) -> None:
    environment = {"SENTIMENT_ENGINE": "abacus"}
    with running(
        tmp_path, *serving_options, "--startup-timeout", "90", environment=environment
    ) as runner:
        assert runner.wait(90.0) == 2
    assert len(runner.errors) == 1, runner.errors
    assert "abacus" in runner.errors[0]
