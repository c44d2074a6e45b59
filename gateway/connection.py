"""One address of TorchServe over kept-alive connections, every failure a GatewayError.

urllib3 is used directly rather than through requests: the same pool at half the time per call.
"""

import logging
from collections.abc import Mapping
from typing import Final

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError
from urllib3.util import SKIP_HEADER

from gateway.errors import GatewayError
from gateway.tracing import traceparent

logger = logging.getLogger("gateway.connection")

NO_HEADERS: Final[Mapping[str, str]] = {}
RETRY_AFTER: Final = 1  # seconds that a 502 tells the client to wait

# TorchServe hands every header on to its worker, piece by piece: those that say nothing stay away.
_LEFT_OUT = {"user-agent": SKIP_HEADER, "accept-encoding": SKIP_HEADER}


class Connection:
    """A pool of connections to one address; `size` of them are kept alive."""

    def __init__(self, url: str, size: int, timeout: urllib3.Timeout) -> None:
        self._pool = urllib3.connection_from_url(url, maxsize=size, timeout=timeout)
        self._name = f"TorchServe at {url}"

    def send(
        self,
        method: str,
        path: str,
        token: str,
        body: bytes | None = None,
        request_id: str = "",
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> urllib3.BaseHTTPResponse:
        """Return the whole response to one request; raises GatewayError if none comes."""
        parent = traceparent.get()
        sent = {
            **headers,
            "content-type": "application/json",
            "authorization": f"Bearer {token}",
            **({"x-request-id": request_id} if request_id else {}),
            **({"traceparent": parent} if parent else {}),
            **_LEFT_OUT,
        }
        try:
            return self._send_once(method, path, sent, body)
        except ReadTimeoutError:
            raise self._too_slow() from None
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise self._unreachable(error) from None
        except HTTPError as error:
            raise self._broken(error) from None

    def _send_once(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.urlopen(method, path, body=body, headers=headers, retries=False)
        except urllib3.exceptions.ProtocolError as error:
            logger.info("%s: connection lost (%s), trying once more", self._name, error)
        # A kept-alive connection may be closed by the other side at the moment it is used;
        # scoring a review twice does no harm, so one more try on a fresh connection is safe.
        return self._pool.urlopen(method, path, body=body, headers=headers, retries=False)

    def _unreachable(self, error: HTTPError) -> GatewayError:
        logger.warning("%s: no connection (%s)", self._name, type(error).__name__)
        return unreachable("no connection")

    def _broken(self, error: HTTPError) -> GatewayError:
        logger.warning("%s: connection lost (%s)", self._name, type(error).__name__)
        message = "Expected an answer from TorchServe, found the connection lost; try again."
        return GatewayError(502, "upstream_failed", message, RETRY_AFTER, repeatable=True)

    def _too_slow(self) -> GatewayError:
        logger.warning("%s: no answer in time", self._name)
        return GatewayError(
            504,
            "upstream_timeout",
            "Expected an answer from TorchServe within the time limit, found none; "
            "send fewer or shorter reviews, or try again.",
        )


def unreachable(found: str) -> GatewayError:
    """Return the error for a TorchServe that there is no way to ask."""
    message = f"Expected an answer from TorchServe, found {found}; try again in a while."
    return GatewayError(502, "upstream_unreachable", message, RETRY_AFTER, repeatable=True)
