"""Makes .venv, or mends it, and installs a list of requirements: `make setup` and the like run it.

    python3.12 serving/install.py build [--folder .venv] [--torch-args="--index-url ..."]

Standard library only, since nothing is installed yet; it prints sizes while it works.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
import venv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
PYTHONS = ((3, 11), (3, 13))  # the oldest and the newest that the tests run under
TORCH = "torch==2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PATIENCE = 1.0  # seconds for that index to answer
HEARTBEAT = 20.0  # seconds between signs of life
LARGE_MB = 10.0  # a package of this size is announced
DRIVER_FILES = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/usr/lib/wsl/lib/nvidia-smi")


class InstallError(Exception):
    """Says in one line what keeps the installation from going on, and how to mend it."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment: a folder with a Python of its own."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter in it."""
        return self.folder / "bin" / "python"

    def record(self, name: str) -> Path:
        """The file that tells which list, or which build of torch, was installed last."""
        return self.folder / f"{name}.installed"


def main(arguments: list[str] | None = None) -> int:
    """Return 0 once all is installed, 2 after one line that says what is in the way."""
    options = _parser().parse_args(arguments)
    environment = Environment(options.folder)
    try:
        prepare(environment)
        install_list(environment, REQUIREMENTS / f"{options.list}.txt")
        install_torch(environment, options.torch_args)
    except InstallError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="serving/install.py", description=__doc__)
    names = sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))
    parser.add_argument("list", choices=names, help="which list of requirements/ to install")
    parser.add_argument("--folder", type=Path, default=Path(".venv"), help="the environment")
    parser.add_argument("--torch-args", default="", help="pip's options for another build of torch")
    return parser


def prepare(environment: Environment) -> None:
    """Make the environment, or make it anew with a line that says why; InstallError if it may not.

    A folder that is no virtual environment, or one that lies elsewhere, is somebody's: it stays.
    """
    require_fit(sys.version_info[:2])
    fault = fault_of(environment)
    if fault is None:
        return
    if environment.folder.is_symlink() or not _may_be_replaced(environment.folder):
        raise InstallError(
            f"{environment.folder} {fault}: move it away, then run make again to have one made"
        )
    version = ".".join(map(str, sys.version_info[:3]))
    again = f" anew, because it {fault}" if environment.folder.exists() else ""
    print(f"Making {environment.folder} with Python {version}{again} ...", flush=True)
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=True).create(environment.folder)


def require_fit(version: tuple[int, ...]) -> None:
    """Raise InstallError unless the tests run under this version of Python."""
    oldest, newest = PYTHONS
    if not oldest <= version <= newest:
        raise InstallError(
            f"Python 3.{oldest[1]} to 3.{newest[1]} is needed, this is {version[0]}.{version[1]}: "
            "install one, or name it with PYTHON=/path/to/python3"
        )


def fault_of(environment: Environment) -> str | None:
    """Return what is wrong with the environment, as the end of a sentence about it, or None."""
    folder = environment.folder
    if not folder.exists():
        return "does not exist"
    if not (folder / "pyvenv.cfg").is_file():
        return "is not a virtual environment"
    look = "import sys, pip; print(*sys.version_info[:2], sys.prefix)"
    done = _output([str(environment.python), "-c", look])
    if not done:
        return "holds no Python that runs, or no pip"
    major, minor, prefix = done.split(maxsplit=2)
    found = (int(major), int(minor))
    if found != sys.version_info[:2]:
        return (
            f"holds Python {major}.{minor} instead of {sys.version_info[0]}.{sys.version_info[1]}"
        )
    if _made_for(folder) not in (None, Path(prefix).resolve()):
        return "was made in another folder and moved here"
    return None


def _may_be_replaced(folder: Path) -> bool:
    return not folder.exists() or (folder / "pyvenv.cfg").is_file() or not any(folder.iterdir())


def _made_for(folder: Path) -> Path | None:
    """Return the folder that the environment was made in: its scripts name that one."""
    found = re.search(r"^command = .* (\S+)$", (folder / "pyvenv.cfg").read_text(), re.MULTILINE)
    return Path(found[1]).resolve() if found else None


def install_list(environment: Environment, requirements: Path) -> None:
    """Install a list by its hashes; nothing to do if it is what was installed last."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    record = environment.record(requirements.stem)
    if record.is_file() and record.read_text() == digest:
        return
    count = len(re.findall(r"^[\w.-]+==", requirements.read_text(), re.MULTILINE))
    print(f"Installing the {count} packages of {requirements.name} ...", flush=True)
    # Each list is whole, so that pip need not look for what a package brings along.
    run_pip(environment, ["install", "--require-hashes", "--no-deps", "-r", str(requirements)])
    record.write_text(digest)


def install_torch(environment: Environment, torch_args: str) -> None:
    """Install torch, in another build if asked for; the build that is there stays otherwise."""
    record = environment.record("torch")
    installed = record.read_text() if record.is_file() else None
    wanted = f"{TORCH} {torch_args}".strip()
    if installed == wanted or (installed and not torch_args and installed.startswith(TORCH)):
        return
    record.unlink(missing_ok=True)
    arguments = torch_args.split() or default_build()
    print(f"Installing {' '.join([TORCH, *arguments])} ...", flush=True)
    if installed:  # the same version in another build counts as installed for pip
        run_pip(environment, ["uninstall", "--yes", "torch"])
    # What torch needs is in every list; what else comes now are a CUDA build's own libraries.
    run_pip(environment, ["install", TORCH, *arguments])
    record.write_text(wanted)


def default_build() -> list[str]:
    """Return pip's options for the build that suits this machine, with a line if there is doubt."""
    if sys.platform != "linux" or has_nvidia_driver():
        return []  # pip's own choice: CPU and Metal on a Mac, CUDA on Linux
    if answers(f"{CPU_INDEX}/torch/", PATIENCE):
        return ["--index-url", CPU_INDEX]
    print(
        "PyTorch's index of CPU builds does not answer: this takes the build that pip finds. On "
        "Linux that may bring 3 GB of CUDA libraries along, which do no harm and are not used.",
        flush=True,
    )
    return []


def has_nvidia_driver() -> bool:
    """Return whether this machine can compute on a GPU of NVIDIA's."""
    return bool(shutil.which("nvidia-smi")) or any(Path(file).exists() for file in DRIVER_FILES)


def answers(url: str, patience: float) -> bool:
    """Return whether an address answers in time; looking its name up counts, too."""
    found = threading.Event()

    def ask() -> None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=patience):
            found.set()

    threading.Thread(target=ask, daemon=True).start()
    return found.wait(patience)


def run_pip(environment: Environment, arguments: list[str]) -> None:
    """Run pip and print what is large and how far it is; InstallError with its last lines."""
    command = [str(environment.python), "-m", "pip", "--disable-pip-version-check", *arguments]
    if arguments[0] == "install":
        command += ["--progress-bar", "off"]
    lines = []
    done = threading.Event()
    beat = threading.Thread(target=_say_how_far, args=(environment.folder, done), daemon=True)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        beat.start()
        for line in pip.stdout or ():
            lines.append(line.rstrip())
            if news := worth_telling(line):
                print(f"  {news}", flush=True)
    done.set()
    if pip.returncode != 0:
        raise InstallError("pip could not install everything:\n" + "\n".join(lines[-12:]))


def worth_telling(line: str) -> str | None:
    """Return the short form of a line of pip's that a waiting person wants to see."""
    if line.startswith("Installing collected packages"):
        return "all there, unpacking"
    found = re.search(r"(Downloading|Using cached) ([\w.]+?)-\d\S* \(([\d.]+) (MB|GB)\)", line)
    if not found:
        return None
    verb, name, size, unit = found.groups()
    if unit == "MB" and float(size) < LARGE_MB:
        return None
    return (
        f"{'downloading' if verb == 'Downloading' else 'kept from before:'} {name}, {size} {unit}"
    )


def _say_how_far(folder: Path, done: threading.Event) -> None:
    start = time.monotonic()
    while not done.wait(HEARTBEAT):
        print(
            f"  {time.monotonic() - start:.0f} s, {_megabytes(folder):,.0f} MB in {folder}",
            flush=True,
        )


def _megabytes(folder: Path) -> float:
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # pip renames files while they are counted
                size += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118
    return size / 1e6


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


if __name__ == "__main__":
    raise SystemExit(main())
