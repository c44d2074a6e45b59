"""Nothing reports home: packing, serving and scoring, in a home and a network of their own."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands import output_of, run
from tests.stack import ROOT, running

HERE = Path(__file__).parent
NAMESPACES = (["unshare", "--net"], ["unshare", "--map-root-user", "--net"])


@pytest.fixture(scope="module")
def namespace() -> list[str]:
    """The command that starts another one in a network namespace of its own."""
    for command in NAMESPACES:
        if run([*command, "true"]).returncode == 0:
            return command
    missing = "no right to make a network namespace (unshare of util-linux, as root or as a user)"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@dataclass(frozen=True)
class Watch:
    """A home folder and a network of its own for one command, and what it tried there."""

    folder: Path
    namespace: list[str]

    @property
    def launcher(self) -> list[str]:
        """The command that starts the watched one."""
        return [*self.namespace, sys.executable, str(HERE / "loopback_only.py"), str(self._packets)]

    @property
    def environment(self) -> dict[str, str]:
        """What the command's environment has to say."""
        return {
            "HOME": str(self._home),
            "PYTHONPATH": str(HERE / "recorder"),
            "RECORDED_CONNECTIONS": str(self._record),
            "XDG_CACHE_HOME": "",
            "CI": "",  # some libraries are silent in CI alone
        }

    def require_silence(self, *programs: str) -> None:
        """Hold that these programs were started, and that nothing went out or was left at home."""
        lines = self._record.read_text().splitlines()
        started = " ".join(line for line in lines if line.startswith("started"))
        assert [program for program in programs if program not in started] == []
        assert [line for line in lines if not line.startswith("started")] == []
        assert self._packets.read_text() == "0"
        assert [str(path.relative_to(self._home)) for path in self._home.rglob("*")] == []

    @property
    def _home(self) -> Path:
        return self.folder / "home"

    @property
    def _record(self) -> Path:
        return self.folder / "connections.txt"

    @property
    def _packets(self) -> Path:
        return self.folder / "packets.txt"


@pytest.fixture
def watch(namespace: list[str], tmp_path: Path) -> Watch:
    """A watch over an empty home folder."""
    (tmp_path / "home").mkdir()
    return Watch(tmp_path, namespace)


def test_packing_and_serving_try_no_connection_and_write_nothing_home(
    watch: Watch, checkpoint: Path, tmp_path: Path
) -> None:
    with running(
        tmp_path / "run",
        *("--checkpoint", str(checkpoint), "--archive", str(tmp_path / "sentiment.mar")),
        environment=watch.environment,
        launcher=watch.launcher,
    ) as runner:
        runner.wait_ready(timeout=240.0)
        assert runner.stop() == 0
    watch.require_silence("archive", "model_service_worker.py", "-m gateway")


def test_scoring_files_tries_no_connection_and_writes_nothing_home(
    watch: Watch, checkpoint: Path, tmp_path: Path
) -> None:
    source = tmp_path / "reviews.csv"
    source.write_text("review\nA joy.\nDull.\n")
    command = ["-m", "bulk", str(source), str(tmp_path / "target"), "--checkpoint", str(checkpoint)]
    # Matplotlib, which draws the summary, keeps its list of fonts in a folder of its own.
    fonts = {"MPLCONFIGDIR": str(tmp_path / "fonts")}
    output_of(
        [*watch.launcher, sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **watch.environment, **fonts},
    )
    watch.require_silence("-m bulk")


def test_the_watch_sees_a_name_looked_up_and_a_packet_sent(
    namespace: list[str], tmp_path: Path
) -> None:
    record, report = tmp_path / "connections.txt", tmp_path / "packets.txt"
    attempt = "import socket; socket.socket().connect_ex(('192.0.2.1', 443))"
    watch = [*namespace, sys.executable, str(HERE / "loopback_only.py"), str(report)]
    recorder = {"PYTHONPATH": str(HERE / "recorder"), "RECORDED_CONNECTIONS": str(record)}
    output_of([*watch, sys.executable, "-c", attempt], env={**os.environ, **recorder})
    assert "socket.connect 192.0.2.1" in record.read_text().splitlines()
    assert int(report.read_text()) > 0


@pytest.mark.parametrize("package", ["handler", "archive", "training", "benchmarks"])
def test_each_package_switches_openvino_telemetry_off_before_its_modules_load(package: str) -> None:
    look = f"import {package}, sys, openvino; print(sys.modules['openvino_telemetry'])"
    assert output_of([sys.executable, "-c", look], cwd=ROOT).strip() == "None"
