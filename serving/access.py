"""Nobody's machine is opened by accident: beyond loopback the gateway asks for keys."""

import ipaddress
import json
from collections.abc import Mapping
from pathlib import Path

from serving.errors import StartError
from serving.settings import Settings


def require_keys(settings: Settings, environ: Mapping[str, str]) -> None:
    """Raise StartError if everybody could use the service, unless the command line says so."""
    if settings.open_to_everybody or _is_loopback(settings.host):
        return
    file = environ.get("GATEWAY_KEYS_FILE", "").strip()
    if not file or not _has_valid_key(Path(file)):
        raise StartError(
            f"on {settings.host} everybody who reaches this machine could use the service: make a "
            "key with `python -m gateway.keys --file run/keys.json create NAME` and set "
            "GATEWAY_KEYS_FILE=run/keys.json, or say --open-to-everybody"
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _has_valid_key(file: Path) -> bool:
    try:
        return any(key["revoked"] is None for key in json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, LookupError, TypeError):
        return False
