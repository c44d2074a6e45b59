"""Everything that can be set about the gateway, read from the environment once, at start."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from limits import parse_many

from contract.errors import UserError

PREFIX = "GATEWAY_"


class SettingsError(UserError):
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


def _many(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise ValueError("a whole number from 1 to 100000")
    return int(text)


def _hosts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower().strip("[]") for name in text.split(",") if name.strip())
    if any(not re.fullmatch(r"[\w.:-]+", name) for name in names):
        raise ValueError("host names without ports, separated by commas")
    return names


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in text.split(",") if origin.strip())
    if any(not re.fullmatch(r"https?://[^/\s]+", origin) for origin in origins):
        raise ValueError("origins such as https://films.example, separated by commas")
    return origins


def _rates(text: str) -> str:
    try:
        parse_many(text)
    except ValueError:
        raise ValueError("limits such as `60/minute; 5000/day`") from None
    return text


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 36_500:
        raise ValueError("a whole number of days from 1 to 36500")
    return int(text)


def _database(text: str) -> str:
    if not text:
        raise ValueError("the path of a SQLite file, or a database's URL as SQLAlchemy writes it")
    return text


def _format(text: str) -> str:
    if text.lower() not in ("text", "json"):
        raise ValueError("text or json")
    return text.lower()


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
    torchserve_metrics_url: str = field(
        default="http://127.0.0.1:8082",
        metadata=_read_by(_url, "TorchServe's metrics address, read when `/metrics` is"),
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
    retry_seconds: float = field(
        default=10.0,
        metadata=_read_by(_seconds, "how long a request whose worker died waits for another one"),
    )
    max_in_flight: int = field(
        default=128,
        metadata=_read_by(_count, "requests waiting or at TorchServe at once, more get 429"),
    )
    max_connections: int = field(
        default=2_048, metadata=_read_by(_many, "open connections of clients at once")
    )
    max_connections_per_address: int = field(
        default=1_024,
        metadata=_read_by(
            _many,
            "open connections from one address; beyond it the longest idle makes room",
        ),
    )
    header_seconds: float = field(
        default=10.0, metadata=_read_by(_seconds, "time for a request's header to be complete")
    )
    body_seconds: float = field(
        default=30.0, metadata=_read_by(_seconds, "time for a request's body to be complete")
    )
    idle_seconds: float = field(
        default=75.0,
        metadata=_read_by(_seconds, "how long a connection is kept open between two requests"),
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
    reference: Path = field(
        default=Path("model_store/reference.json"),
        metadata=_read_by(_path, "the training set's verdicts, by `make reference`, for drift"),
    )
    keys_file: Path | None = field(
        default=None,
        metadata=_read_by(_path, "file of `python -m gateway.keys`: with it, callers need a key"),
    )
    rate_limit: str = field(
        default="",
        metadata=_read_by(
            _rates, "what one key, or one address, may send: `60/minute; 5000/day`, for example"
        ),
    )
    trusted_hosts: tuple[str, ...] = field(
        default=(),
        metadata=_read_by(_hosts, "names that this service is asked by; others get 403"),
    )
    cors_origins: tuple[str, ...] = field(
        default=(),
        metadata=_read_by(_origins, "origins of other pages that may send reviews"),
    )
    metrics_host: str = field(
        default="127.0.0.1", metadata=_read_by(_host, "address of the port for `/metrics`")
    )
    metrics_port: int | None = field(
        default=None,
        metadata=_read_by(_port, "port for `/metrics` alone, which then is nowhere else"),
    )
    feedback_database: str | None = field(
        default=None,
        metadata=_read_by(
            _database,
            "where reports of wrong verdicts are stored: a SQLite file, or a URL for SQLAlchemy; "
            "off without one",
        ),
    )
    feedback_retention_days: int = field(
        default=180, metadata=_read_by(_days, "reports are deleted when they are older than this")
    )
    log_level: str = field(
        default="info", metadata=_read_by(_level, "`debug`, `info`, `warning` or `error`")
    )
    log_format: Literal["text", "json"] = field(
        default="text", metadata=_read_by(_format, "`text` or `json`, one line for each event")
    )
    log_file: Path | None = field(
        default=None,
        metadata=_read_by(_path, "file to log to, rotated at 10 MB; standard error without one"),
    )


def most_explained(settings: Settings) -> int:
    """Return how many of those who ask why may wait, beside those who ask for verdicts."""
    return max(1, settings.max_in_flight // 4)


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
    if default is None or default in ("", ()):
        return "none"
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
