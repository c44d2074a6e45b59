"""A container run in the foreground, by docker or by buildah and runc, with nothing it may do.

Read-only root, no capabilities, no new privileges, memory for /tmp and the run folder. It shares
the machine's network, so that tests choose free ports, and stays on loopback.
"""

import json
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.commands import output_of, run

UID: Final = 10001
WRITABLE: Final = ("/tmp", "/srv/run")
LEFT_OUT: Final = ("network", "cgroup")  # namespaces
MEGABYTE: Final = 2**20


@dataclass(frozen=True)
class Limits:
    """What a container is given: folders to write to, and memory in MB if it is bounded."""

    writable: tuple[str, ...] = WRITABLE
    memory: int | None = None


@dataclass
class Container:
    """A started container and what it has written so far."""

    process: "subprocess.Popen[str]"
    inside: list[str]
    started: float
    lines: list[str] = field(default_factory=list)

    def wait_for(self, beginning: str, seconds: float) -> float:
        """Return how long after the start a line that begins so came; AssertionError if none."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            if any(line.startswith(beginning) for line in list(self.lines)):
                return time.monotonic() - self.started
            time.sleep(0.02)
        raise AssertionError(f"no {beginning}: {self.lines}")

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command inside, as the container's user."""
        words = [*self.inside, *command]
        return run(words)


def uses_docker() -> bool:
    """Return whether a docker daemon answers."""
    return shutil.which("docker") is not None and _succeeds("docker", "info")


def image_size(image: str) -> int:
    """Return the bytes of an image's files, as the tools show it."""
    if uses_docker():
        return int(_output("docker", "image", "inspect", "--format", "{{.Size}}", image))
    mounted = _mounted(image)
    return int(
        _output("du", "--summarize", "--block-size=1", "--one-file-system", mounted).split()[0]
    )


def image_config(image: str) -> dict[str, Any]:
    """Return what an image says of itself: Entrypoint, Env, User, WorkingDir, Healthcheck."""
    if uses_docker():
        found: dict[str, Any] = json.loads(_output("docker", "image", "inspect", image))[0][
            "Config"
        ]
        return found
    told = json.loads(_output("buildah", "inspect", "--type", "image", image))
    return dict(told["Docker"]["config"])


@contextmanager
def running(
    image: str, folder: Path, *arguments: str, limits: Limits | None = None
) -> Iterator[Container]:
    """Run an image with further arguments; it has ended when the block has."""
    name = f"sentiment-test-{uuid.uuid4().hex[:8]}"
    make = _docker if uses_docker() else _runc
    start, inside, stop = make(image, name, folder, arguments, limits or Limits())
    started = time.monotonic()
    process = subprocess.Popen(
        start, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
    )
    container = Container(process, inside, started)
    reader = threading.Thread(
        target=lambda: container.lines.extend(process.stdout or ()), daemon=True
    )
    reader.start()
    try:
        yield container
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(60)
        finally:
            run(stop)
            reader.join(60)
            if process.stdout:
                process.stdout.close()


Commands = tuple[list[str], list[str], list[str]]


def _docker(
    image: str, name: str, folder: Path, arguments: Sequence[str], limits: Limits
) -> Commands:
    options = [
        *("--rm", "--name", name, "--network", "host", "--read-only", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges", "--user", f"{UID}:{UID}"),
        *(f"--tmpfs={path}:uid={UID},gid={UID},mode=0700" for path in limits.writable),
        *([f"--memory={limits.memory}m"] if limits.memory else []),
    ]
    start = ["docker", "run", *options, image, *arguments]
    return start, ["docker", "exec", name], ["docker", "rm", "--force", name]


def _runc(
    image: str, name: str, folder: Path, arguments: Sequence[str], limits: Limits
) -> Commands:
    state = ["runc", "--root", str(folder / "runc")]
    config = image_config(image)
    output_of(["runc", "spec"], cwd=folder)
    spec = json.loads((folder / "config.json").read_text())
    spec = _confined(spec, config, name, arguments, limits)
    spec["root"] = {"path": _mounted(image), "readonly": True}
    (folder / "config.json").write_text(json.dumps(spec))
    start = [*state, "run", "--bundle", str(folder), name]
    return start, [*state, "exec", name], [*state, "delete", "--force", name]


def _confined(
    spec: dict[str, Any],
    config: Mapping[str, Any],
    name: str,
    arguments: Sequence[str],
    limits: Limits,
) -> dict[str, Any]:
    process, linux = spec["process"], spec["linux"]
    process |= {
        "terminal": False,
        "user": {"uid": UID, "gid": UID},
        "cwd": config["WorkingDir"],
        "args": [*config["Entrypoint"], *arguments],
        "env": config["Env"],
        "noNewPrivileges": True,
        "capabilities": {kind: [] for kind in process["capabilities"]},
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 4096, "soft": 4096}],
    }
    linux["namespaces"] = [each for each in linux["namespaces"] if each["type"] not in LEFT_OUT]
    linux["resources"] = {}
    if limits.memory:
        linux["cgroupsPath"] = f"/{name}"
        linux["resources"] = {"memory": {"limit": limits.memory * MEGABYTE}}
    memory = {"type": "tmpfs", "source": "tmpfs"}
    options = ["nosuid", "nodev", "mode=0700", f"uid={UID}", f"gid={UID}"]
    spec["mounts"] += [
        {"destination": path, **memory, "options": options} for path in limits.writable
    ]
    return spec


def _mounted(image: str) -> str:
    """Return the folder of an image's files; a container of buildah's is kept for it."""
    name = "sentiment-test-" + _output("buildah", "images", "--quiet", "--no-trunc", image)[-20:]
    if not _succeeds("buildah", "inspect", name):
        _output("buildah", "from", "--pull-never", "--name", name, image)
    return _output("buildah", "mount", name)


def _output(*command: str) -> str:
    return output_of(command).strip()


def _succeeds(*command: str) -> bool:
    return run(command).returncode == 0
