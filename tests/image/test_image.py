"""`make test-image`: the built image, run with nothing it may do, and asked what users ask."""

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.stack import PORTS, free_ports
from deploy.sbom import requirements
from tests.image.container import (
    UID,
    Container,
    Limits,
    image_config,
    image_size,
    running,
)
from tests.stack import send

IMAGE = os.environ.get("IMAGE", "review-sentiment:1.0.0")
MEGABYTES = 900
SECONDS = 120.0  # to be ready on a busy machine; the measured ones are printed


def addresses(ports: list[int]) -> list[str]:
    """Return the arguments that put a service on loopback and on these ports."""
    pairs = zip(PORTS, map(str, ports), strict=True)
    return ["--host", "127.0.0.1", *(word for pair in pairs for word in pair)]


@pytest.fixture(scope="module")
def ports() -> list[int]:
    return free_ports(len(PORTS))


@pytest.fixture(scope="module")
def service(ports: list[int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with running(IMAGE, tmp_path_factory.mktemp("bundle"), *addresses(ports)) as container:
        seconds = container.wait_for("READY", SECONDS)
        print(f"\n{IMAGE}: READY after {seconds:.1f} s, {image_size(IMAGE) / 1e6:.0f} MB")
        yield container


@pytest.fixture
def url(service: Container, ports: list[int]) -> str:
    return f"http://127.0.0.1:{ports[0]}"


def test_the_image_is_small() -> None:
    assert image_size(IMAGE) / 1e6 <= MEGABYTES


def test_it_answers_a_verdict(url: str) -> None:
    body = json.dumps({"review": "Not good at all, I want my two hours back."}).encode()
    reply = send(f"{url}/predict", "POST", body, {"Content-Type": "application/json"})
    assert (reply.status, reply.json["label"]) == (200, "negative")


def test_it_explains_a_verdict(url: str) -> None:
    body = json.dumps({"review": "A joy from start to end. The music is dull."}).encode()
    reply = send(f"{url}/explain", "POST", body, {"Content-Type": "application/json"})
    assert reply.status == 200
    assert len(reply.json["words"]) > 5
    assert len(reply.json["sentences"]) == 2


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/model", "/metrics", "/healthz"])
def test_it_serves_the_rest(path: str, url: str) -> None:
    assert send(f"{url}{path}").status == 200


def test_it_may_do_nothing_but_serve(service: Container) -> None:
    status = service.run("cat", "/proc/1/status").stdout
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == [str(UID)] * 4
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    for path in ("/srv/new", "/opt/venv/new", "/usr/new", "/srv/config.properties"):
        assert service.run("sh", "-c", f"echo > {path}").returncode != 0


def test_it_holds_what_the_bill_of_materials_names(service: Container) -> None:
    look = "from importlib.metadata import *; [print(d.name, d.version) for d in distributions()]"
    found = [line.split() for line in service.run("python", "-c", look).stdout.splitlines()]
    installed = {f"{re.sub('[-_.]+', '-', name).lower()}=={version}" for name, version in found}
    assert installed == set(re.findall(r"^[a-z0-9-]+==[^ ]+", requirements(), re.MULTILINE))


def test_its_health_check_finds_it_well(service: Container, ports: list[int]) -> None:
    kind, *command = image_config(IMAGE)["Healthcheck"]["Test"]
    assert kind == "CMD"
    asked = [word.replace("127.0.0.1:8000", f"127.0.0.1:{ports[0]}") for word in command]
    assert service.run(*asked).returncode == 0


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    with running(IMAGE, tmp_path, *addresses(free_ports(len(PORTS)))) as container:
        container.wait_for("READY", SECONDS)
        container.process.terminate()
        start = time.monotonic()
        assert container.process.wait(60) == 0
        assert time.monotonic() - start < 30
    assert "Traceback" not in "".join(container.lines)


def refused(container: Container) -> str:
    """Return the only line of a container that could not start."""
    assert container.process.wait(60) == 2
    time.sleep(0.2)
    lines = [line for line in container.lines if line.startswith("serve: ")]
    assert len(lines) == 1
    assert "Traceback" not in "".join(container.lines)
    return lines[0]


def test_without_a_run_folder_to_write_to_it_says_so(tmp_path: Path) -> None:
    limits = Limits(writable=("/tmp",))
    with running(IMAGE, tmp_path, *addresses(free_ports(len(PORTS))), limits=limits) as container:
        assert "/srv/run" in (line := refused(container))
        assert "--run-dir" in line


def test_with_a_port_taken_it_says_so(tmp_path: Path) -> None:
    ports = free_ports(len(PORTS))
    with (
        socket.create_server(("127.0.0.1", ports[0])),
        running(IMAGE, tmp_path, *addresses(ports)) as container,
    ):
        assert f"port {ports[0]}" in refused(container)


def test_with_too_little_memory_it_says_so(tmp_path: Path) -> None:
    limits = Limits(memory=300)
    with running(IMAGE, tmp_path, *addresses(free_ports(len(PORTS))), limits=limits) as container:
        assert "memory" in (line := refused(container))
        assert "300 MB" in line
