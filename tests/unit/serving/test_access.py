"""Beyond loopback the runner asks for a key, or to be told in words."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway import keys
from serving.access import require_keys
from serving.errors import StartError
from serving.settings import parse_settings


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
def test_on_loopback_no_key_is_asked_for(host: str) -> None:
    require_keys(replace(parse_settings([]), host=host), {})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "films.example"])
def test_elsewhere_it_is_a_key_or_a_word(host: str, tmp_path: Path) -> None:
    elsewhere = replace(parse_settings([]), host=host)
    file = tmp_path / "keys.json"
    environ = {"GATEWAY_KEYS_FILE": str(file)}
    for unfit in ({}, environ):
        with pytest.raises(StartError, match="--open-to-everybody"):
            require_keys(elsewhere, unfit)
    keys.create(file, "Ada")
    require_keys(elsewhere, environ)
    keys.revoke(file, keys.read(file)[0].id)
    with pytest.raises(StartError, match="make a key with"):
        require_keys(elsewhere, environ)
    require_keys(replace(elsewhere, open_to_everybody=True), {})
