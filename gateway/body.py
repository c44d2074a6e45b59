"""Reading a request body up to the limit, whether its length was declared or not."""

from typing import IO

from contract.limits import MAX_BODY_BYTES
from gateway.errors import GatewayError

_CHUNK = 65536
# A client that is still sending does not look at the answer, and a connection closed on it breaks
# off with no answer at all: so the rest is read and dropped, up to this many bytes.
_MAX_DROPPED_BYTES = 16 * MAX_BODY_BYTES


def read_body(stream: IO[bytes], declared: int | None) -> bytes:
    """Return the whole body; raises GatewayError (413) if it is over the limit."""
    if declared is not None and declared > MAX_BODY_BYTES:
        raise _too_large(stream)
    body = bytearray()
    while chunk := stream.read(MAX_BODY_BYTES + 1 - len(body)):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large(stream)
    return bytes(body)


def _too_large(stream: IO[bytes]) -> GatewayError:
    dropped = 0
    while dropped < _MAX_DROPPED_BYTES and (chunk := stream.read(_CHUNK)):
        dropped += len(chunk)
    return GatewayError(
        413,
        "body_too_large",
        f"Expected a body of at most {MAX_BODY_BYTES:,} bytes, found more; send several requests.",
    )
