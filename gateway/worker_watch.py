"""Whether a worker is READY, known at every moment: nobody queues for one that is not there."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from gateway.errors import GatewayError
from gateway.torchserve import ModelState, TorchServe

logger = logging.getLogger("gateway.worker_watch")

PERIOD_SECONDS: Final = 0.5


class WorkerWatch:
    """Asks the management address twice a second, and at once when a request has failed.

    Until it is started nothing is known, and every request is let through.
    """

    def __init__(
        self,
        torchserve: TorchServe,
        retry_after: int,
        period: float = PERIOD_SECONDS,
        model_changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._torchserve = torchserve
        self._retry_after = retry_after
        self._period = period
        self._model_changed = model_changed
        self._served = ""
        self._ready: bool | None = None
        self._changed = threading.Condition()
        self._hurry = threading.Event()

    def start(self) -> None:
        """Begin to watch, in a thread that ends with the process."""
        threading.Thread(target=self._run, name="worker-watch", daemon=True).start()

    def require_ready(self) -> None:
        """Raise GatewayError (503) if no worker is READY."""
        if self._ready is False:
            raise GatewayError(
                503,
                "not_ready",
                f"Expected a worker that is READY, found none; try again in {self._retry_after} s.",
                self._retry_after,
            )

    def await_ready(self, seconds: float, gone: Callable[[], bool]) -> None:
        """Look now, and wait for a READY worker if there is none; GatewayError (503) if in vain."""
        if self._ready is not None:
            self.look()
        step = 0.2
        with self._changed:
            while self._ready is False and seconds > 0 and not gone():
                self._changed.wait(step)
                seconds -= step
        self.require_ready()

    def look(self) -> None:
        """Ask once, and tell everybody who waits for a change."""
        self._tell(self._ask())

    def _tell(self, ready: bool | None) -> None:
        with self._changed:
            if ready != self._ready:
                logger.info("a worker is READY" if ready else "no worker is READY")
            self._ready = ready
            self._changed.notify_all()

    def _ask(self) -> bool | None:
        try:
            state = self._torchserve.model_state()
            self._note_swap(state)
            return state.is_ready
        except GatewayError as error:
            # A machine that is busy answers late: that tells nothing about the workers.
            return self._ready if error.code == "upstream_timeout" else False

    def _note_swap(self, state: ModelState) -> None:
        """Tell whoever describes the model that another one has taken its place."""
        if self._served and state.served != self._served:
            logger.info("another model has taken the place of the one that was served")
            self._model_changed()
        self._served = state.served

    def _run(self) -> None:
        while True:
            self.look()
            self._hurry.wait(self._period)
            self._hurry.clear()

    def saw_ready(self) -> None:
        """Take note that a worker has just answered: who asks next must not be told otherwise."""
        self._tell(True)

    def saw_failure(self) -> None:
        """Have a look soon: a request has just failed."""
        self._hurry.set()
