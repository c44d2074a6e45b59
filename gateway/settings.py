"""Everything that can be set about the gateway, read from the environment once, at start."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

PREFIX = "GATEWAY_"


class SettingsError(ValueError):
    """A setting has an unfit value; the message names it, what was expected and what came."""


def _host(text: str) -> str:
    if not text or any(character.isspace() for character in text):
        raise ValueError("a host name or address such as 127.0.0.1")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ValueError("a port from 1 to 65535")
    return int(text)


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://(\[[\da-f:]+\]|[\w.-]+)(:\d{1,5})?/?", text):
        raise ValueError("an address such as http://127.0.0.1:8080, without a path")
    return text.rstrip("/")


def _name(text: str) -> str:
    if not text or not all(character.isalnum() or character in "._-" for character in text):
        raise ValueError("a name of letters, digits, dots, dashes and underscores")
    return text


def _path(text: str) -> Path:
    if not text:
        raise ValueError("a path")
    return Path(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 3600:
        raise ValueError("seconds above 0, at most 3600")
    return seconds


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise ValueError("a whole number from 1 to 1024")
    return int(text)


def _level(text: str) -> str:
    if text.lower() not in ("debug", "info", "warning", "error"):
        raise ValueError("debug, info, warning or error")
    return text.lower()


def _read_by(parse: Callable[[str], Any], meaning: str) -> dict[str, Any]:
    return {"parse": parse, "meaning": meaning}


@dataclass(frozen=True)
class Settings:
    """The gateway's settings; the field `port` is read from `GATEWAY_PORT`, and so on."""

    host: str = field(
        default="127.0.0.1", metadata=_read_by(_host, "address the gateway listens on")
    )
    port: int = field(default=8000, metadata=_read_by(_port, "port the gateway listens on"))
    torchserve_inference_url: str = field(
        default="http://127.0.0.1:8080", metadata=_read_by(_url, "TorchServe's inference address")
    )
    torchserve_management_url: str = field(
        default="http://127.0.0.1:8081",
        metadata=_read_by(_url, "TorchServe's management address: worker states and new tokens"),
    )
    model: str = field(
        default="sentiment",
        metadata=_read_by(_name, "name under which TorchServe serves the model"),
    )
    key_file: Path = field(
        default=Path("key_file.json"),
        metadata=_read_by(_path, "key file that TorchServe writes into its working directory"),
    )
    token_margin_seconds: float = field(
        default=30.0,
        metadata=_read_by(_seconds, "a token is renewed when it expires in less than this"),
    )
    connect_timeout_seconds: float = field(
        default=1.0, metadata=_read_by(_seconds, "longest wait for a connection to TorchServe")
    )
    read_timeout_seconds: float = field(
        default=60.0,
        metadata=_read_by(_seconds, "longest wait for TorchServe's answer, its queue included"),
    )
    max_in_flight: int = field(
        default=128,
        metadata=_read_by(
            _count,
            "requests at TorchServe at once, more get 429; at most TorchServe's `job_queue_size`",
        ),
    )
    retry_after_seconds: int = field(
        default=1,
        metadata=_read_by(_count, "what the `Retry-After` of a 429 or 503 tells the client"),
    )
    ready_cache_seconds: float = field(
        default=2.0, metadata=_read_by(_seconds, "how long `/readyz` repeats its last finding")
    )
    ui_dir: Path = field(
        default=Path("ui/dist"), metadata=_read_by(_path, "folder of the built page")
    )
    log_level: str = field(
        default="info", metadata=_read_by(_level, "`debug`, `info`, `warning` or `error`")
    )


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings from the environment; raises SettingsError for an unfit value."""
    environ = os.environ if environ is None else environ
    given = [setting for setting in fields(Settings) if variable(setting) in environ]
    return Settings(**{setting.name: _parse(setting, environ) for setting in given})


def variable(setting: "Field[Any]") -> str:
    """Return the name of the environment variable that a setting is read from."""
    return PREFIX + setting.name.upper()


def default_text(setting: "Field[Any]") -> str:
    """Return a setting's default as one would write it into the environment."""
    default = setting.default
    return f"{default:g}" if isinstance(default, float) else str(default)


def _parse(setting: "Field[Any]", environ: Mapping[str, str]) -> Any:
    text = environ[variable(setting)].strip()
    try:
        return setting.metadata["parse"](text)
    except ValueError as error:
        raise SettingsError(
            f"Expected {variable(setting)} to be {error}, found {text!r}; "
            f"the default is {default_text(setting)}."
        ) from None


def settings_table() -> str:
    """Return the settings as the Markdown table that the README shows."""
    rows = [
        f"| `{variable(setting)}` | `{default_text(setting)}` | {setting.metadata['meaning']} |"
        for setting in fields(Settings)
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


if __name__ == "__main__":
    print(settings_table())
