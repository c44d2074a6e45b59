"""A gateway before a stand-in for TorchServe: what most of its tests start from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.app import create_app
from tests.unit.gateway.fake_torchserve import FakeTorchServe, running


@pytest.fixture
def torchserve(tmp_path: Path) -> Iterator[FakeTorchServe]:
    """The stand-in, whose answers a test can set."""
    with running(tmp_path) as fake:
        yield fake


@pytest.fixture
def client(torchserve: FakeTorchServe) -> FlaskClient:
    """A client of a gateway with the default settings."""
    return create_app(torchserve.settings()).test_client()
