"""TorchServe's tokens: read from its key file, renewed before they expire.

TorchServe writes the file at start and removes it when it stops. It holds a token for each of the
two addresses and an API key, which alone may ask for new tokens; those come through the file too.
The old token is void from the moment a new one exists, so whoever is turned away reads again.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from gateway.errors import GatewayError

logger = logging.getLogger("gateway.tokens")

Kind = Literal["inference", "management"]
KINDS: Final[tuple[Kind, ...]] = ("inference", "management")

_READ_ATTEMPTS = 3  # TorchServe rewrites the file in place: a reader may meet half of it
_READ_PAUSE_SECONDS = 0.02
_RENEWAL_PAUSE_SECONDS = 5.0  # after a failed renewal, so that not every request repeats it


class KeyFileError(Exception):
    """The key file is missing or not as TorchServe writes it."""


@dataclass(frozen=True)
class Token:
    """One token and the time at which it expires, in seconds since 1970."""

    value: str
    expires_at: float


@dataclass(frozen=True)
class Keys:
    """What TorchServe's key file holds."""

    tokens: dict[Kind, Token]
    api_key: str


def read_keys(path: Path) -> Keys:
    """Return the content of a key file; raises KeyFileError if there is none or it is broken."""
    for attempt in range(_READ_ATTEMPTS):
        try:
            return _parse_keys(json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            raise KeyFileError(f"no key file at {path.absolute()}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            failure = type(error).__name__
        if attempt + 1 < _READ_ATTEMPTS:
            time.sleep(_READ_PAUSE_SECONDS)
    raise KeyFileError(f"{path.absolute()} is not a TorchServe key file ({failure})")


def _parse_keys(content: Any) -> Keys:
    tokens: dict[Kind, Token] = {
        "inference": _parse_token(content["inference"]),
        "management": _parse_token(content["management"]),
    }
    return Keys(tokens, str(content["API"]["key"]))


def _parse_token(entry: Any) -> Token:
    expires_at = datetime.fromisoformat(entry["expiration time"]).timestamp()
    return Token(str(entry["key"]), expires_at)


class TokenKeeper:
    """Hands out valid tokens; `renew(kind, api_key)` asks TorchServe to write a new one."""

    def __init__(
        self,
        path: Path,
        margin: float,
        renew: Callable[[Kind, str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._margin = margin
        self._renew = renew
        self._clock = clock
        self._keys: Keys | None = None
        self._renew_not_before = 0.0
        self._lock = threading.Lock()

    def token(self, kind: Kind) -> str:
        """Return a token that stays valid for a while; raises KeyFileError if there is none."""
        keys = self._keys
        if keys is None or self._expires_soon(keys.tokens[kind]):
            with self._lock:
                keys = self._refreshed(kind)
        return keys.tokens[kind].value

    def replace(self, kind: Kind, rejected: str) -> str:
        """Return a token in place of one that TorchServe has rejected."""
        with self._lock:
            if self._keys is None or self._keys.tokens[kind].value == rejected:
                self._keys = read_keys(self._path)
            return self._keys.tokens[kind].value

    def expires_at(self, kind: Kind) -> float:
        """Return when the token in use expires, in seconds since 1970; 0 if none was read yet."""
        return self._keys.tokens[kind].expires_at if self._keys else 0.0

    def _refreshed(self, kind: Kind) -> Keys:
        # Another thread, or another gateway beside this one, may have renewed it by now.
        keys = self._keys
        if keys is None or self._expires_soon(keys.tokens[kind]):
            keys = self._keys = self._read_or_keep()
        if self._expires_soon(keys.tokens[kind]) and self._clock() >= self._renew_not_before:
            keys = self._keys = self._renewed(kind, keys)
        return keys

    def _read_or_keep(self) -> Keys:
        """Read the file; while it is missing, what was in it is still good for a renewal."""
        try:
            return read_keys(self._path)
        except KeyFileError as error:
            if self._keys is None:
                raise
            logger.warning("%s; renewing with the keys that were in it", error)
            return self._keys

    def _renewed(self, kind: Kind, keys: Keys) -> Keys:
        try:
            self._renew(kind, keys.api_key)
            return read_keys(self._path)
        except (GatewayError, KeyFileError) as error:
            # The present token may still serve; if not, TorchServe's answer will tell.
            logger.warning("could not renew the %s token: %s", kind, error)
            self._renew_not_before = self._clock() + _RENEWAL_PAUSE_SECONDS
            return keys

    def _expires_soon(self, token: Token) -> bool:
        return token.expires_at - self._clock() < self._margin
