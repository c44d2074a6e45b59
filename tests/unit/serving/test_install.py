"""Setting up: which Python fits, what becomes of the folder that is there, what is installed."""

import re
import sys
import tomllib
import venv
from pathlib import Path

import pytest

from serving import install
from serving.install import Environment, InstallError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment as `make setup` makes it first."""
    environment = Environment(tmp_path_factory.mktemp("project") / ".venv")
    install.prepare(environment)
    return environment


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7)])
def test_other_versions_of_python_are_refused_in_one_line(version: tuple[int, ...]) -> None:
    with pytest.raises(InstallError, match=r"Python 3\.11 to 3\.13 is needed, this is") as caught:
        install.require_fit(version)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_versions_that_the_tests_run_under_are_taken(version: tuple[int, ...]) -> None:
    install.require_fit(version)


def test_an_environment_that_was_just_made_is_kept(made: Environment) -> None:
    marker = made.folder / "marker"
    marker.touch()
    install.prepare(made)
    assert marker.exists()


def test_an_environment_without_pip_is_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = Environment(tmp_path / ".venv")
    venv.EnvBuilder(symlinks=True, with_pip=False).create(environment.folder)
    install.prepare(environment)
    assert install.fault_of(environment) is None
    assert "anew, because it holds no Python that runs, or no pip" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("command = /usr/bin/python3 -m venv /elsewhere/.venv", "was made in another folder"),
        ("", None),
    ],
)
def test_an_environment_that_was_moved_is_named(
    made: Environment, tmp_path: Path, line: str, fault: str | None
) -> None:
    moved = Environment(tmp_path / ".venv")
    (moved.folder / "bin").mkdir(parents=True)
    config = (made.folder / "pyvenv.cfg").read_text().splitlines()
    kept = [entry for entry in config if not entry.startswith("command")]
    (moved.folder / "pyvenv.cfg").write_text("\n".join([*kept, line]))
    (moved.folder / "lib").symlink_to(made.folder / "lib")
    moved.python.symlink_to(made.python.resolve())
    found = install.fault_of(moved)
    assert found == fault or (fault is not None and fault in str(found))


def test_a_folder_that_is_no_environment_is_left_alone_and_named(tmp_path: Path) -> None:
    folder = tmp_path / ".venv"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(InstallError, match="is not a virtual environment: move it away"):
        install.prepare(Environment(folder))
    assert (folder / "thesis.txt").read_text() == "mine"


def test_a_link_to_a_broken_environment_is_left_alone_and_named(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    venv.EnvBuilder(symlinks=True, with_pip=False).create(elsewhere)
    link = tmp_path / ".venv"
    link.symlink_to(elsewhere)
    with pytest.raises(InstallError, match="or no pip: move it away"):
        install.prepare(Environment(link))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pip was asked to do, in order; nothing is installed."""
    asked: list[list[str]] = []
    monkeypatch.setattr(install, "run_pip", lambda _, arguments: asked.append(arguments))
    monkeypatch.setattr(install, "default_build", list)
    return asked


def test_a_list_is_installed_by_its_hashes_and_again_only_when_it_changes(
    calls: list[list[str]], tmp_path: Path
) -> None:
    requirements = tmp_path / "build.txt"
    for text in ("flask==3.1.3 --hash=sha256:00\n", "flask==3.1.3 --hash=sha256:00\n", "new\n"):
        requirements.write_text(text)
        install.install_list(Environment(tmp_path), requirements)
    assert calls == [["install", "--require-hashes", "--no-deps", "-r", str(requirements)]] * 2


def test_another_build_of_torch_replaces_the_one_that_is_there(
    calls: list[list[str]], tmp_path: Path
) -> None:
    environment = Environment(tmp_path)
    for asked in ("", "", "--index-url https://example.org/cu", ""):
        install.install_torch(environment, asked)
    assert calls == [
        ["install", "torch==2.13.0"],
        ["uninstall", "--yes", "torch"],
        ["install", "torch==2.13.0", "--index-url", "https://example.org/cu"],
    ]


@pytest.mark.parametrize(
    ("driver", "reachable", "options", "line"),
    [
        (True, True, [], ""),
        (False, True, ["--index-url", install.CPU_INDEX], ""),
        (False, False, [], "takes the build that pip finds"),
    ],
)
def test_the_build_of_torch_suits_the_machine(
    driver: bool,
    reachable: bool,
    options: list[str],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(install, "has_nvidia_driver", lambda: driver)
    monkeypatch.setattr(install, "answers", lambda *_: reachable)
    assert install.default_build() == options
    assert line in capsys.readouterr().out


def test_an_address_that_refuses_does_not_answer() -> None:
    assert not install.answers("http://127.0.0.1:9/", patience=1.0)


@pytest.mark.parametrize(
    ("line", "news"),
    [
        (
            "  Downloading openvino-2026.4.1-cp311-x86_64.whl (59.1 MB)",
            "downloading openvino, 59.1 MB",
        ),
        ("  Using cached torch-2.13.0-x86_64.whl (526.6 MB)", "kept from before: torch, 526.6 MB"),
        ("  Downloading flask-3.1.3-py3-none-any.whl (103 kB)", None),
        ("  Downloading six-1.17.0-py3-none-any.whl (1.1 MB)", None),
        ("Installing collected packages: six, flask", "all there, unpacking"),
        ("Collecting six==1.17.0", None),
    ],
)
def test_of_pips_lines_the_large_downloads_are_told(line: str, news: str | None) -> None:
    assert install.worth_telling(line) == news


def test_a_failure_of_pip_shows_its_last_lines(made: Environment) -> None:
    with pytest.raises(InstallError, match=r"could not install everything:\n(.*\n)*.*nowhere"):
        install.run_pip(made, ["install", "--no-index", "nowhere-to-be-found==1.0"])


@pytest.mark.parametrize("name", ["serve", "build", "train", "test"])
def test_a_list_holds_every_requirement_of_its_level(name: str) -> None:
    project = tomllib.loads((install.ROOT / "pyproject.toml").read_text())["project"]
    groups: dict[str, list[str]] = project["optional-dependencies"]
    levels = ["serve", "build", "train"]
    extras = list(groups) if name == "test" else levels[: levels.index(name) + 1]
    listed = (install.ROOT / "requirements" / f"{name}.txt").read_text()
    asked = {pin for extra in extras for pin in groups[extra] if not pin.startswith("torch==")}
    plain = {re.sub(r"\[.*\]", "", pin) for pin in asked}  # lists name no extras
    missing = sorted(pin for pin in plain if f"\n{pin} " not in listed)
    assert missing == [], "run `make lock`"
