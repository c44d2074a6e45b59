"""Connections that cost patience: `python -m tests.trials.slow_clients KIND COUNT HOST PORT`.

A process of its own, so that what it does is not counted as the clients' that are measured. It
prints `holding` once every connection has been opened, and holds them until its input ends; a
connection that the server closes is opened again, as an attacker would.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

PAUSE_SECONDS: Final = 1.0  # between two bytes of a slow header or body
REOPEN_SECONDS: Final = 1.0
HEAD: Final = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

Act = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def send_nothing(writer: asyncio.StreamWriter) -> None:
    """Connect and stay silent."""
    await asyncio.sleep(3600)


async def send_one_byte(writer: asyncio.StreamWriter) -> None:
    """Send the first letter of a request and stay silent."""
    writer.write(b"P")
    await asyncio.sleep(3600)


async def send_header_slowly(writer: asyncio.StreamWriter) -> None:
    """Send a header without end, a byte at a time."""
    writer.write(HEAD + b"X-Slow: ")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(PAUSE_SECONDS)


async def send_body_slowly(writer: asyncio.StreamWriter) -> None:
    """Announce a body and send it a byte at a time."""
    writer.write(HEAD + b"Content-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(PAUSE_SECONDS)


KINDS: Final[dict[str, Act]] = {
    "idle": send_nothing,
    "one-byte": send_one_byte,
    "slow-header": send_header_slowly,
    "slow-body": send_body_slowly,
}


async def hold(act: Act, host: str, port: int, opened: asyncio.Semaphore) -> None:
    """Keep one such connection open, again and again."""
    first = True
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            if first:
                opened.release()
                first = False
            await until_closed(act, reader, writer)
        await asyncio.sleep(REOPEN_SECONDS)


async def until_closed(
    act: Act, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Act on a connection until the server has closed it."""
    acting = asyncio.ensure_future(act(writer))
    with suppress(OSError):
        while await reader.read(4096):
            pass
    acting.cancel()
    with suppress(asyncio.CancelledError, OSError):
        await acting
    writer.close()


async def hold_all(kind: str, count: int, host: str, port: int) -> None:
    """Open the connections, say so, and hold them until standard input ends."""
    opened = asyncio.Semaphore(0)
    held = [asyncio.ensure_future(hold(KINDS[kind], host, port, opened)) for _ in range(count)]
    with suppress(TimeoutError):
        async with asyncio.timeout(20):
            for _ in range(count):
                await opened.acquire()
    print("holding", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for each in held:
        each.cancel()


if __name__ == "__main__":
    asyncio.run(hold_all(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
