"""The image without Docker: its files laid out as its last stage has them, its entrypoint run."""

import json
import re
import shutil
import sys
from pathlib import Path, PurePosixPath

import pytest

from tests.commands import run
from tests.stack import ROOT, Stack, running, send

TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
LAST_STAGE = TEXT[TEXT.rindex("\nFROM ") :].splitlines()


def instruction(name: str) -> str:
    """Return what follows an instruction that the last stage has once."""
    found = [line.removeprefix(f"{name} ") for line in LAST_STAGE if line.startswith(f"{name} ")]
    assert len(found) == 1
    return found[0].strip()


def copies() -> list[tuple[list[str], str]]:
    """Return sources, relative to the repository, and target of each COPY but that of packages."""
    lines = [line.split()[1:] for line in LAST_STAGE if line.startswith("COPY ")]
    words = [[word for word in line if word != "--from=build"] for line in lines]
    own = [line for line in words if not line[0].startswith("--from=")]
    return [([word.removeprefix("/srv/") for word in line[:-1]], line[-1]) for line in own]


@pytest.fixture
def image(stack: Stack, serving_options: list[str], tmp_path: Path) -> Path:
    """A folder with the files of the image: those of the repository and those its build makes."""
    archive = Path(
        dict(zip(serving_options[::2], serving_options[1::2], strict=True)).get(
            "--archive", ROOT / "model_store" / "sentiment.mar"
        )
    )
    for sources, target in copies():
        for source in sources:
            path = (
                archive.with_name(PurePosixPath(source).name) if ".mar" in source else ROOT / source
            )
            into = tmp_path / target
            into = into / path.name if target.endswith("/") else into
            into.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if path.is_dir() else shutil.copyfile)(path, into)
    return tmp_path


def test_entrypoint_serves_from_the_files_of_the_image(image: Path) -> None:
    program, *arguments = json.loads(instruction("ENTRYPOINT"))
    assert (program, arguments[:2]) == ("python", ["-m", "serving"])
    # Tests stay on loopback: the last --host counts.
    with running(image / "run", *arguments[2:], "--host", "127.0.0.1", root=image) as runner:
        runner.wait_ready(timeout=120.0)
        url = Stack(runner).gateway_url
        reply = send(f"{url}/predict", "POST", b'{"review": "From inside."}')
        assert reply.status == 200
        assert "label" in reply.json
        assert health_check(url) == 0
        assert runner.stop() == 0
    assert health_check(url) != 0


def health_check(url: str) -> int:
    """Run the image's HEALTHCHECK against another address; 0 is healthy."""
    match = re.search(r"CMD (\[.*\])", instruction("HEALTHCHECK"))
    assert match is not None
    program, *arguments = json.loads(match[1])
    assert program == "python"
    command = [word.replace("http://127.0.0.1:8000", url) for word in arguments]
    assert command != arguments
    return run([sys.executable, *command]).returncode


def test_image_runs_as_nobody_and_opens_one_port() -> None:
    assert instruction("USER") not in ("root", "0")
    assert instruction("EXPOSE") == "8000"


def test_addresses_of_package_indexes_are_build_arguments_only() -> None:
    named = re.findall(r"https?://[^/\s'\"]+", TEXT)
    assert set(named) == {"http://127.0.0.1:8000"}
    assert "ARG PIP_INDEX_URL" in TEXT
    assert "ENV PIP_INDEX_URL" not in TEXT
