"""The connections of clients: who may hold how many, and how long each may take for what.

waitress reads whole requests in one thread that waits for all connections at once, and hands only
complete ones to the threads that work: a client that sends slowly costs its own connection and
nothing else. What waitress leaves open is added here: deadlines for headers and bodies, a bound on
the connections of one address, errors in the contract's shape, and a line in the log.
"""

import logging
import socket
import time
from http import HTTPStatus
from typing import Any, Final

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, Task, ThreadedTaskDispatcher, WSGITask
from waitress.utilities import BadRequest, Error

from gateway.door import Door, Refusal
from gateway.errors import error_body
from gateway.event_loop import EventLoop
from gateway.request_id import new_request_id
from gateway.settings import Settings, most_explained

logger = logging.getLogger("gateway.connections")
access = logging.getLogger("gateway.access")

PROBES: Final = ("/healthz", "/readyz", "/metrics")
_PROBE_THREADS: Final = 2
# Beyond one thread for each request that may wait: for the page and for refusals.
_SPARE_THREADS: Final = 8
_PATH_SHOWN: Final = 80
# A connection that has waited for less than this is not closed to make room for another.
_SPARED_SECONDS: Final = 0.5

_REFUSALS: Final = {
    400: ("bad_request", "Expected an HTTP/1.1 request, found a broken one; send it again."),
    408: ("request_timeout", "Expected a whole request in time, found a part of one; try again."),
    413: ("body_too_large", "Expected at most 2,000,000 bytes, found more; send several requests."),
    429: ("too_many_connections", "Expected fewer connections from one address, found no room."),
    431: ("header_too_large", "Expected headers of at most 32 kB, found more; send less."),
    501: ("not_implemented", "Expected the transfer encoding `chunked` or none, found another."),
}
_FAULT: Final = ("internal", "Expected an answer, found a fault in the gateway; try again later.")


class RequestTimeout(BadRequest):
    """A request that was not complete in time."""

    code = 408
    reason = "Request Timeout"


class TooManyConnections(BadRequest):
    """A connection for which no other one could be closed."""

    code = 429
    reason = "Too Many Requests"


class NoRoom(BadRequest):
    """A request that is turned away at the door; its connection stays open."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__("no room")
        self.code = refusal.status
        self.reason = HTTPStatus(refusal.status).phrase
        self.refusal = refusal


class Parser(HTTPRequestParser):
    """A request as it comes in, and when its first byte came."""

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.started = time.monotonic()


class Logged(Task):
    """A task whose end is a line in the access log."""

    def service(self) -> None:
        """Answer, send the answer out at once, and log it."""
        begin = time.perf_counter()
        try:
            super().service()
            self.channel.flush_now()
        finally:
            self._log((time.perf_counter() - begin) * 1000)

    def _log(self, milliseconds: float) -> None:
        fields = {
            "client": self.channel.addr[0],
            "method": getattr(self.request, "command", "-"),
            # As it came over the wire: decoded it could hold line breaks.
            "path": getattr(self.request, "request_uri", "-").partition("?")[0][:_PATH_SHOWN],
            "status": int(self.status[:3]),
            "bytes": self.content_bytes_written,
            "ms": round(milliseconds, 1),
            "request_id": dict(self.response_headers).get("X-Request-Id", "-"),
        }
        line = "%(client)s %(method)s %(path)s %(status)d %(bytes)dB %(ms).1fms %(request_id)s"
        access.info(line, fields, extra={"fields": fields})


class Answering(Logged, WSGITask):
    """Has the application answer a request."""


class Refusing(Logged, ErrorTask):
    """Answers what never reaches the application."""

    def execute(self) -> None:
        """Write the contract's error for what the server itself has refused."""
        error: Error = self.request.error
        self.status = f"{error.code} {error.reason}"
        if isinstance(error, NoRoom):
            self._answer(error.refusal.body, error.refusal.headers)
            return
        self.set_close_on_finish()
        retry = [("Retry-After", "1")] if error.code in (408, 429) else []
        body = error_body(*_REFUSALS.get(error.code, _FAULT))
        self._answer(body, [("X-Request-Id", new_request_id()), *retry])

    def _answer(self, body: bytes, headers: list[tuple[str, str]]) -> None:
        self.response_headers += [
            ("Content-Type", "application/json"),
            ("Cache-Control", "no-store"),
            *headers,
        ]
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):
    """One connection, with deadlines."""

    server: "Server"
    request: Parser | None
    task_class = Answering
    error_task_class = Refusing
    parser_class = Parser

    def __init__(self, server: "Server", sock: socket.socket, addr: Any, *rest: Any, **named: Any):
        self.waiting_since = time.monotonic()
        self._is_reading = False
        super().__init__(server, sock, addr, *rest, **named)
        server.welcome(self)

    @property
    def at_rest(self) -> bool:
        """Whether nothing changes until something comes from the client."""
        return not (
            self.requests or self.total_outbufs_len or self.will_close or self.close_when_flushed
        )

    def received(self, data: bytes) -> bool:
        """Take what has come; a request that is complete by it may be turned away at once."""
        self._is_reading = True
        taken: bool = super().received(data)
        self._is_reading = False
        if self.requests and isinstance(self.requests[0].error, NoRoom):
            self.service()
        return taken

    def is_turned_away(self) -> bool:
        """Return whether the complete request is answered by the thread that has read it."""
        if not self._is_reading:
            return False
        request = self.requests[0]
        request.error = request.error or self.server.no_room(request, self.addr[0])
        return isinstance(request.error, NoRoom)

    def del_channel(self, map: Any = None) -> None:
        """Forget the connection."""
        super().del_channel(map)
        self.server.forget(self)

    def service(self) -> None:
        """Answer one request; from then on the connection waits for the next one."""
        super().service()
        self.waiting_since = time.monotonic()

    def flush_now(self) -> None:
        """Send what is ready without waking the reading thread for it."""
        with self.outbuf_lock:
            self._flush_exception(self._flush_some, do_close=False)

    def refuse(self, error: Error) -> None:
        """Answer with an error in place of a request that is not complete, and close."""
        with self.requests_lock:
            if self.requests or self.will_close or self.close_when_flushed:
                return
            request = self.request or Parser(self.adj)
            request.error = error
            request.completed = True
            self.request = None
            self.requests.append(request)
        self.server.add_task(self)

    def check(self, now: float, settings: Settings) -> None:
        """Close or refuse the connection if it takes longer than it may."""
        request = self.request
        if self.requests:
            return
        if request is None:
            if now - self.waiting_since > settings.idle_seconds:
                self.will_close = True
        elif now - request.started > self._allowed(request, settings):
            self.refuse(RequestTimeout("too slow"))

    def _allowed(self, request: Parser, settings: Settings) -> float:
        if request.headers_finished:
            return settings.header_seconds + settings.body_seconds
        return settings.header_seconds


class Server(TcpWSGIServer):
    """Accepts connections, keeps them to their limits, and gives probes threads of their own."""

    channel_class = Channel

    def __init__(
        self,
        application: Any,
        settings: Settings,
        loop: EventLoop,
        port: int,
        door: Door | None = None,
    ):
        self._settings = settings
        self._door = door
        self._loop = loop
        self._by_address: dict[str, dict[Channel, None]] = {}
        self._probes = ThreadedTaskDispatcher()
        self._probes.set_thread_count(_PROBE_THREADS)
        workers = ThreadedTaskDispatcher()
        workers.set_thread_count(settings.max_in_flight + most_explained(settings) + _SPARE_THREADS)
        super().__init__(application, loop, dispatcher=workers, adj=_adjustments(settings, port))

    def add_task(self, task: Channel) -> None:
        """Have a complete request answered; probes do not wait behind others."""
        if task.is_turned_away():
            return
        path = getattr(task.requests[0], "path", "")
        (self._probes if path in PROBES else self.task_dispatcher).add_task(task)

    def no_room(self, request: Parser, address: str) -> NoRoom | None:
        """Return the refusal of a request for which there is no room."""
        refusal = self._door.refusal(request, address) if self._door else None
        return NoRoom(refusal) if refusal else None

    def welcome(self, channel: Channel) -> None:
        """Count a new connection; if it is one too many, the longest waiting one makes room."""
        address = channel.addr[0]
        same = self._by_address.setdefault(address, {})
        same[channel] = None
        if len(same) > self._settings.max_connections_per_address:
            self._make_room(channel, list(same))
        elif len(self.active_channels) > self._settings.max_connections:
            self._make_room(channel, list(self.active_channels.values()))

    def _make_room(self, newcomer: Channel, others: list[Channel]) -> None:
        latest = time.monotonic() - _SPARED_SECONDS
        waiting = [each for each in others if not each.requests and each.waiting_since < latest]
        if waiting:
            min(waiting, key=lambda each: each.waiting_since).handle_close()
        else:
            newcomer.refuse(TooManyConnections("no room"))

    def forget(self, channel: Channel) -> None:
        """Take a closed connection out of the count."""
        same = self._by_address.get(channel.addr[0], {})
        same.pop(channel, None)
        if not same:
            self._by_address.pop(channel.addr[0], None)

    def maintenance(self, now: float) -> None:
        """Hold every connection to its deadlines, once a second."""
        moment = time.monotonic()
        for channel in list(self.active_channels.values()):
            channel.check(moment, self._settings)
        self._loop.stir()

    def is_busy(self) -> bool:
        """Return whether any request is being answered or any answer sent."""
        return any(
            each.requests or each.total_outbufs_len for each in self.active_channels.values()
        )


def _adjustments(settings: Settings, port: int) -> Adjustments:
    return Adjustments(
        host=settings.host,
        port=port,
        ident=None,
        threads=1,
        backlog=1024,
        # One too many must be accepted before another can make room for it.
        connection_limit=settings.max_connections + 64,
        cleanup_interval=1,
        # While one request is answered the next bytes are read: a client that hangs up is noticed.
        channel_request_lookahead=1,
        max_request_header_size=32_768,
        # Bodies between the contract's 2 MB and this are read to their end: then the client, which
        # looks at no answer before it has sent everything, gets its 413.
        max_request_body_size=8_000_000,
        inbuf_overflow=2_100_000,
        asyncore_use_poll=True,
        log_socket_errors=False,
        clear_untrusted_proxy_headers=False,
    )
