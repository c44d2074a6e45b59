"""`python -m gateway`: the web server, in the foreground, until SIGTERM or SIGINT.

One process with threads keeps the metrics, the order of work and the tokens in one place; the model
is the bottleneck long before the gateway's one core is.
"""

import resource
import signal
import sys
import time
from dataclasses import replace
from typing import Any

from flask import Flask
from waitress.wasyncore import dispatcher

from gateway.access import METRICS_ADDRESS
from gateway.app import create_app
from gateway.connections import Server
from gateway.event_loop import EventLoop
from gateway.logs import set_up_logging
from gateway.settings import Settings, SettingsError, read_settings
from gateway.tracing import end_tracing

_GRACE_SECONDS = 30.0  # for the requests in flight at SIGTERM
_SPARE_FILES = 256
_LONGEST_POLL_SECONDS = 0.5  # after which a stop signal is noticed at the latest


def main() -> int:
    """Return 0 after a requested stop, 1 (and one line) if the gateway cannot start."""
    try:
        settings = read_settings()
        set_up_logging(settings.log_level, settings.log_format, settings.log_file)
        app = create_app(settings)
    except (SettingsError, OSError) as error:
        return _refuse(str(error))
    return _run(app, settings)


def _refuse(reason: str) -> int:
    print(f"gateway: {reason}", file=sys.stderr)
    return 1


def _run(app: Flask, settings: Settings) -> int:
    # A thread that waits for an answer must not wait for one that checks two megabytes as well.
    sys.setswitchinterval(0.001)
    _allow_files(settings.max_connections)
    stop = Stop()
    loop = EventLoop()
    try:
        server = Server(app, settings, loop, settings.port, app.extensions["door"])
        _listen_for_metrics(app, settings, loop)
    except OSError as error:
        return _refuse(f"cannot listen on {settings.host}:{settings.port} ({error.strerror}).")
    app.extensions["worker_watch"].start()
    while not stop.told:
        loop.turn(_LONGEST_POLL_SECONDS)
    _finish(server, loop)
    end_tracing(app)
    return 0


def _listen_for_metrics(app: Flask, settings: Settings, loop: EventLoop) -> None:
    if settings.metrics_port is None:
        return

    def metrics_alone(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"] if environ["PATH_INFO"] == "/metrics" else "/nowhere"
        return app({**environ, "PATH_INFO": path, METRICS_ADDRESS: True}, start_response)

    own = replace(settings, host=settings.metrics_host, max_in_flight=1)
    Server(metrics_alone, own, loop, settings.metrics_port)


class Stop:
    """Notes a stop signal; one that comes while the server is made counts as well."""

    def __init__(self) -> None:
        self.told = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        self.told = True


def _finish(server: Server, loop: EventLoop) -> None:
    """Accept nobody any more, and answer those that have been accepted."""
    dispatcher.close(server)
    deadline = time.monotonic() + _GRACE_SECONDS
    while server.is_busy() and time.monotonic() < deadline:
        loop.turn(0.1)


def _allow_files(connections: int) -> None:
    """Raise the limit of open files to what the connections need, as far as it may be raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _SPARE_FILES
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
