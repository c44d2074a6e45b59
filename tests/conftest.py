"""What all tests share: the one running service, and the count of what ran, by kind."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import ROOT, Stack, running

KINDS = {"tests/unit/": "unit", "tests/integration/": "integration", "tests/e2e/": "browser"}


SHIPPED = ROOT / "model_store" / "checkpoint"


def pytest_runtest_setup() -> None:
    """Let a SIGTERM stop the run as Ctrl-C does: servers end, and what failed is told."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a checkpoint be tested before it is shipped."""
    parser.addoption("--checkpoint", type=Path, default=SHIPPED, help="checkpoint to serve")


@pytest.fixture(scope="session")
def checkpoint(pytestconfig: pytest.Config) -> Path:
    """The checkpoint that is packed and served: the shipped one unless told otherwise."""
    path: Path = pytestconfig.getoption("--checkpoint")
    return path


@pytest.fixture(scope="session")
def serving_options(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the runner is told to serve; only the shipped checkpoint has an archive of its own."""
    if checkpoint == SHIPPED:
        return []
    archive = tmp_path_factory.mktemp("archive") / "sentiment.mar"
    return ["--checkpoint", str(checkpoint), "--archive", str(archive)]


@pytest.fixture(scope="session")
def stack(serving_options: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """TorchServe with the packed checkpoint and the gateway with the built page, on free ports."""
    with running(tmp_path_factory.mktemp("stack"), *serving_options) as runner:
        runner.wait_ready(timeout=180.0)
        yield Stack(runner)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests of each kind ran, so that a kind that did not run cannot hide."""
    counts = Counter(
        (kind, outcome)
        for outcome in ("passed", "failed", "error", "skipped")
        for report in terminalreporter.stats.get(outcome, [])
        for folder, kind in KINDS.items()
        if report.nodeid.startswith(folder)
    )
    terminalreporter.section("tests by kind")
    for kind in KINDS.values():
        ran = counts[kind, "passed"] + counts[kind, "failed"] + counts[kind, "error"]
        failed, skipped = ran - counts[kind, "passed"], counts[kind, "skipped"]
        terminalreporter.line(f"{kind}: {ran} ran, {failed} of them failed; {skipped} skipped")
    _say_what_was_not_tested(terminalreporter)


def _say_what_was_not_tested(terminalreporter: pytest.TerminalReporter) -> None:
    """End with each reason for which tests were skipped, where nobody can miss it."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    if reasons:
        terminalreporter.section("NOT TESTED", red=True, bold=True)
    for reason, count in reasons.items():
        terminalreporter.line(f"{count} tests did not run: {reason}", red=True, bold=True)
