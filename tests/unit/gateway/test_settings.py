"""Every setting of the gateway: where it comes from, what is refused, where it is documented."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import (
    Settings,
    SettingsError,
    default_text,
    read_settings,
    settings_table,
    variable,
)

README = Path(__file__).parents[3] / "README.md"


def test_without_an_environment_the_defaults_hold() -> None:
    assert read_settings({}) == Settings()


def test_the_gateway_and_torchserve_are_expected_on_loopback() -> None:
    settings = Settings()
    assert settings.host == "127.0.0.1"
    assert settings.torchserve_inference_url == "http://127.0.0.1:8080"
    assert settings.torchserve_management_url == "http://127.0.0.1:8081"


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("GATEWAY_HOST", "0.0.0.0", "host", "0.0.0.0"),
        ("GATEWAY_PORT", "9000", "port", 9000),
        ("GATEWAY_PORT", " 9000 ", "port", 9000),
        (
            "GATEWAY_TORCHSERVE_INFERENCE_URL",
            "http://models:8080/",
            "torchserve_inference_url",
            "http://models:8080",
        ),
        (
            "GATEWAY_TORCHSERVE_MANAGEMENT_URL",
            "https://models",
            "torchserve_management_url",
            "https://models",
        ),
        (
            "GATEWAY_TORCHSERVE_METRICS_URL",
            "http://models:8082",
            "torchserve_metrics_url",
            "http://models:8082",
        ),
        ("GATEWAY_REFERENCE", "reference.json", "reference", Path("reference.json")),
        ("GATEWAY_MODEL", "bilstm", "model", "bilstm"),
        ("GATEWAY_KEY_FILE", "/run/key_file.json", "key_file", Path("/run/key_file.json")),
        ("GATEWAY_TOKEN_MARGIN_SECONDS", "5", "token_margin_seconds", 5.0),
        ("GATEWAY_CONNECT_TIMEOUT_SECONDS", "0.5", "connect_timeout_seconds", 0.5),
        ("GATEWAY_READ_TIMEOUT_SECONDS", "120", "read_timeout_seconds", 120.0),
        ("GATEWAY_MAX_IN_FLIGHT", "1", "max_in_flight", 1),
        ("GATEWAY_RETRY_AFTER_SECONDS", "3", "retry_after_seconds", 3),
        ("GATEWAY_READY_CACHE_SECONDS", "10", "ready_cache_seconds", 10.0),
        ("GATEWAY_UI_DIR", "page", "ui_dir", Path("page")),
        ("GATEWAY_LOG_LEVEL", "WARNING", "log_level", "warning"),
    ],
)
def test_a_variable_sets_its_field(name: str, text: str, field: str, value: Any) -> None:
    assert getattr(read_settings({name: text}), field) == value


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("GATEWAY_HOST", "", "a host name or address"),
        ("GATEWAY_HOST", "two hosts", "a host name or address"),
        ("GATEWAY_PORT", "0", "a port from 1 to 65535"),
        ("GATEWAY_PORT", "65536", "a port from 1 to 65535"),
        ("GATEWAY_PORT", "tcp://10.0.0.1:80", "a port from 1 to 65535"),
        ("GATEWAY_TORCHSERVE_INFERENCE_URL", "127.0.0.1:8080", "an address such as http://"),
        ("GATEWAY_TORCHSERVE_INFERENCE_URL", "ftp://models", "an address such as http://"),
        ("GATEWAY_TORCHSERVE_INFERENCE_URL", "http://models/path", "without a path"),
        ("GATEWAY_TORCHSERVE_INFERENCE_URL", "http://models:port", "an address such as http://"),
        ("GATEWAY_MODEL", "../models", "a name of letters"),
        ("GATEWAY_KEY_FILE", "", "a path"),
        ("GATEWAY_READ_TIMEOUT_SECONDS", "0", "seconds above 0"),
        ("GATEWAY_READ_TIMEOUT_SECONDS", "nan", "seconds above 0"),
        ("GATEWAY_READ_TIMEOUT_SECONDS", "soon", "seconds above 0"),
        ("GATEWAY_READ_TIMEOUT_SECONDS", "3601", "at most 3600"),
        ("GATEWAY_MAX_IN_FLIGHT", "0", "a whole number from 1 to 1024"),
        ("GATEWAY_MAX_IN_FLIGHT", "1.5", "a whole number from 1 to 1024"),
        ("GATEWAY_LOG_LEVEL", "loud", "debug, info, warning or error"),
    ],
)
def test_an_unfit_value_is_refused_with_what_was_expected_and_found(
    name: str, text: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({name: text})
    message = str(caught.value)
    assert name in message
    assert expected in message
    assert repr(text) in message
    assert "the default is" in message


def test_every_setting_is_documented_in_the_readme_with_its_default() -> None:
    rows = [
        line for line in README.read_text("utf-8").splitlines() if line.startswith("| `GATEWAY_")
    ]
    undocumented = [
        variable(setting)
        for setting in fields(Settings)
        if not any(
            f"`{variable(setting)}`" in row and f"`{default_text(setting)}`" in row for row in rows
        )
    ]
    assert undocumented == [], "`python -m gateway.settings` prints the rows that README.md lacks"


def test_the_printed_table_has_a_row_for_every_setting() -> None:
    table = settings_table().splitlines()
    assert len(table) == 2 + len(fields(Settings))
    assert "| `GATEWAY_READ_TIMEOUT_SECONDS` | `60` |" in settings_table()
