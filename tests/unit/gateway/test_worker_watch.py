"""The watch notices when another model has taken the place of the one that was served."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.torchserve import TorchServe
from gateway.worker_watch import WorkerWatch
from tests.unit.gateway.fake_torchserve import NO_PLACE, FakeTorchServe, as_json, running


@pytest.fixture
def torchserve(tmp_path: Path) -> Iterator[FakeTorchServe]:
    with running(tmp_path) as fake:
        yield fake


def test_another_version_is_another_model(torchserve: FakeTorchServe) -> None:
    changes: list[str] = []
    version = ""
    watch = WorkerWatch(
        TorchServe(torchserve.settings()), 1, model_changed=lambda: changes.append(version)
    )
    state = json.loads(torchserve.state.body)
    for version in ("1.0", "1.0", "2.0", "2.0", "1.0"):
        torchserve.state = as_json(200, [{**state[0], "modelVersion": version}])
        watch.look()
        torchserve.state, seen = NO_PLACE, torchserve.state  # a TorchServe that starts again
        watch.look()
        torchserve.state = seen
    assert changes == ["2.0", "1.0"]
