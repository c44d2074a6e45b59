"""What the runner asks of TorchServe's management address, with the token from the key file."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from serving.errors import StartError

MODEL: Final = "sentiment"
_TIMEOUT_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Version:
    """One version of the model that TorchServe has loaded, and what it was loaded with."""

    name: str
    workers: int
    batch_size: int
    batch_delay_ms: int
    response_timeout_s: int
    startup_timeout_s: int
    waiting: int
    """Requests in its queue; those that its workers have taken are not counted."""


class Management:
    """The management address on loopback; every failure is an OSError or a StartError."""

    def __init__(self, port: int, key_file: Path) -> None:
        self._url = f"http://127.0.0.1:{port}/models"
        self._key_file = key_file

    def ready_workers(self) -> int:
        """Return how many workers of the version that is served take work."""
        workers = self._ask("GET", f"/{MODEL}")[0]["workers"]
        return sum(worker["status"] == "READY" for worker in workers)

    def scale(self, workers: int) -> None:
        """Ask for so many workers; they come one after the other, the present one works on."""
        self._ask("PUT", f"/{MODEL}?min_worker={workers}&max_worker={workers}")

    def served(self) -> Version:
        """Return the version that requests go to."""
        return _version(self._ask("GET", f"/{MODEL}")[0])

    def version(self, name: str) -> Version:
        """Return one version."""
        return _version(self._ask("GET", f"/{MODEL}/{name}")[0])

    def names(self) -> list[str]:
        """Return the names of all versions that are loaded."""
        return [each["modelVersion"] for each in self._ask("GET", f"/{MODEL}/all")]

    def description(self, version: str) -> dict[str, Any]:
        """Return what a version's worker says about its model."""
        found = self._ask("GET", f"/{MODEL}/{version}?customized=true")[0]["customizedMetadata"]
        content: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
        return content

    def load(self, archive: str, like: Version) -> None:
        """Load an archive of the store beside what is served, and wait for its workers.

        Raises StartError, with nothing of it left, if they do not become READY.
        """
        asked = {
            "url": archive,
            "initial_workers": like.workers,
            "synchronous": "true",
            "batch_size": like.batch_size,
            "max_batch_delay": like.batch_delay_ms,
            "response_timeout": like.response_timeout_s,
            "startup_timeout": like.startup_timeout_s,
        }
        patience = like.workers * like.startup_timeout_s + _TIMEOUT_SECONDS
        try:
            self._ask("POST", f"?{urlencode(asked)}", patience)
        except urllib.error.HTTPError as error:
            raise StartError(_message_in(error)) from error

    def serve(self, version: str) -> None:
        """Let requests go to this version from now on."""
        self._ask("PUT", f"/{MODEL}/{version}/set-default")

    def unload(self, version: str) -> None:
        """End the workers of a version that is not served, and forget it."""
        self._ask("DELETE", f"/{MODEL}/{version}", 6 * _TIMEOUT_SECONDS)

    def _ask(self, method: str, path: str, seconds: float = _TIMEOUT_SECONDS) -> Any:
        headers = {"Authorization": f"Bearer {self._token()}"}
        request = urllib.request.Request(self._url + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=seconds) as response:
            return json.loads(response.read())

    def _token(self) -> str:
        return token(self._key_file, "management")


def token(key_file: Path, kind: str) -> str:
    """Return one of TorchServe's tokens, inference or management; StartError if there is none."""
    try:
        return str(json.loads(key_file.read_text("utf-8"))[kind]["key"])
    except (OSError, ValueError, LookupError):
        raise StartError(f"no token in {key_file}: is the service running?") from None


def _version(described: dict[str, Any]) -> Version:
    return Version(
        name=described["modelVersion"],
        workers=described["minWorkers"],
        batch_size=described["batchSize"],
        batch_delay_ms=described["maxBatchDelay"],
        response_timeout_s=described["responseTimeout"],
        startup_timeout_s=described["startupTimeout"],
        waiting=described["jobQueueStatus"]["pendingRequests"],
    )


def _message_in(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (OSError, ValueError, LookupError, TypeError):
        return f"status {error.code}"
