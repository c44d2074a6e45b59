"""API keys: `python -m gateway.keys create NAME | list | revoke ID`.

A key is shown once, when it is made. The file keeps only its sha-256: a key is 32 random bytes, so
that nobody finds it from its hash, and no slow hash is needed. The gateway reads the file again
when it has changed: a key that is made or revoked counts from the next request on.
"""

import argparse
import hashlib
import hmac
import json
import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

PREFIX: Final = "rs_"
_ID_BYTES: Final = 4
_SECRET_BYTES: Final = 32


class KeysError(Exception):
    """The file of keys cannot be used, or holds no such key; the message says what to do."""


@dataclass(frozen=True)
class Key:
    """What is kept of a key: who has it, its hash, when it was made, and when it was revoked."""

    id: str
    name: str
    sha256: str
    created: str
    revoked: str | None = None


def create(path: Path, name: str) -> str:
    """Add a key for somebody and return it; it cannot be had again."""
    key_id = secrets.token_hex(_ID_BYTES)
    key = f"{PREFIX}{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    _write(path, [*read(path), Key(key_id, name, _hash(key), _now())])
    return key


def revoke(path: Path, key_id: str) -> Key:
    """Take a key's rights away; raises KeysError if there is none of that id."""
    keys = read(path)
    found = next((key for key in keys if key.id == key_id), None)
    if found is None:
        raise KeysError(f"{path}: expected a key with the id {key_id}, found none; try `list`")
    revoked = Key(found.id, found.name, found.sha256, found.created, found.revoked or _now())
    _write(path, [revoked if key.id == key_id else key for key in keys])
    return revoked


def read(path: Path) -> list[Key]:
    """Return all keys ever made; raises KeysError if the file is broken."""
    try:
        return [Key(**entry) for entry in json.loads(path.read_text("utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise KeysError(f"{path}: expected a file of keys, found {type(error).__name__}") from None


class Keys:
    """The keys that count, read anew whenever the file has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._keys: dict[str, Key] = {}
        self._reload()

    def find(self, sent: str) -> Key | None:
        """Return the key that was sent if it may be used."""
        self._reload()
        known = self._keys.get(sent.removeprefix(PREFIX).partition("_")[0])
        # In constant time, and for unknown ids as well: the time tells nothing about a hash.
        fits = hmac.compare_digest(_hash(sent), known.sha256 if known else _hash(""))
        return known if known and fits and not known.revoked else None

    def _reload(self) -> None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._keys, self._stamp = {}, None
            return
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._keys = {key.id: key for key in read(self._path)}
            self._stamp = stamp


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(path: Path, keys: list[Key]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{path.name}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump([asdict(key) for key in keys], file, indent=1)
    partial.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Make, list or revoke keys; returns 1 after one clear line if it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m gateway.keys", description=__doc__)
    parser.add_argument(
        "--file", type=Path, default=Path(os.environ.get("GATEWAY_KEYS_FILE", "run/keys.json"))
    )
    commands = parser.add_subparsers(required=True)
    making = commands.add_parser("create", help="make a key and show it, this once")
    making.add_argument("name", help="who gets it")
    making.set_defaults(act=_create)
    commands.add_parser("list", help="show all keys").set_defaults(act=_list)
    revoking = commands.add_parser("revoke", help="take a key's rights away")
    revoking.add_argument("id", help="as `list` shows it")
    revoking.set_defaults(act=_revoke)
    options = parser.parse_args(arguments)
    act: Callable[[argparse.Namespace], None] = options.act
    try:
        act(options)
    except (KeysError, OSError) as error:
        print(f"keys: {error}", file=sys.stderr)
        return 1
    return 0


def _create(options: argparse.Namespace) -> None:
    print(create(options.file, options.name))


def _list(options: argparse.Namespace) -> None:
    for key in read(options.file):
        print(key.id, key.created, f"revoked {key.revoked}" if key.revoked else "valid", key.name)


def _revoke(options: argparse.Namespace) -> None:
    print(f"revoked: {revoke(options.file, options.id).name}")


if __name__ == "__main__":
    sys.exit(main())
