"""The workers behind TorchServe: how many there should be, and whether any has come back."""

import time
from contextlib import suppress

from serving.errors import StartError
from serving.management import Management
from serving.settings import Settings

LOOK_SECONDS = 2.0


class Workers:
    """Asks for the wished number once the first is READY, and notices when none is for long.

    TorchServe's pauses before it starts a worker again grow while one dies again and again. If none
    is READY in the time that a whole start may take, TorchServe itself had better be started again.
    """

    def __init__(self, settings: Settings) -> None:
        self._wished = settings.workers
        self._patience = settings.startup_timeout
        self._management = Management(settings.management_port, settings.key_file)
        self._asked = float("-inf")
        self._looked = self._ready = time.monotonic()

    def are_stuck(self) -> bool:
        """Look now and then; returns whether no worker has been READY for too long."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        with suppress(OSError, StartError, ValueError, LookupError):
            ready = self._management.ready_workers()
            if ready:
                self._ready = now
            if 0 < ready < self._wished:
                self._scale(now)
        stuck = now - self._ready > self._patience
        if stuck:
            self._ready = now
        return stuck

    def _scale(self, now: float) -> None:
        # Those that are being loaded are not READY yet: asked for again, they are not doubled.
        if now - self._asked > self._patience:
            self._management.scale(self._wished)
            self._asked = now
