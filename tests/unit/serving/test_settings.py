"""What the runner is told: an option wins, then the gateway's own variables, then defaults."""

from pathlib import Path

import pytest

from serving.errors import StartError
from serving.settings import ROOT, parse_settings


def test_defaults() -> None:
    settings = parse_settings([], {})
    assert (settings.host, settings.port, settings.inference_port) == ("127.0.0.1", 8000, 8080)
    assert (settings.page, settings.run_dir) == (ROOT / "ui" / "dist", ROOT / "run")


def test_the_gateways_variables_mean_the_same_as_for_the_gateway_alone(tmp_path: Path) -> None:
    environ = {
        "GATEWAY_HOST": "::1",
        "GATEWAY_PORT": "9000",
        "GATEWAY_UI_DIR": str(tmp_path),
        "GATEWAY_TORCHSERVE_INFERENCE_URL": "http://127.0.0.1:9080",
        "GATEWAY_TORCHSERVE_MANAGEMENT_URL": "http://localhost:9081/",
    }
    settings = parse_settings([], environ)
    assert (settings.host, settings.port, settings.page) == ("::1", 9000, tmp_path)
    assert (settings.inference_port, settings.management_port) == (9080, 9081)


def test_an_option_wins_over_a_variable() -> None:
    assert parse_settings(["--port", "9001"], {"GATEWAY_PORT": "9000"}).port == 9001


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_TORCHSERVE_INFERENCE_URL", "http://model.example:8080"),
        ("GATEWAY_TORCHSERVE_MANAGEMENT_URL", "https://127.0.0.1:8081"),
        ("GATEWAY_TORCHSERVE_MANAGEMENT_URL", "http://127.0.0.1:port"),
        ("GATEWAY_KEY_FILE", "/somewhere/key_file.json"),
    ],
)
def test_a_variable_that_means_another_torchserve_is_refused(name: str, value: str) -> None:
    with pytest.raises(StartError, match=f"{name} is .*unset it, or start the gateway alone"):
        parse_settings([], {name: value})


def test_the_key_file_may_be_named_as_it_is() -> None:
    environ = {"GATEWAY_KEY_FILE": str(ROOT / "run" / "key_file.json")}
    assert parse_settings([], environ).key_file == ROOT / "run" / "key_file.json"
