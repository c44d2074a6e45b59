"""What the gateway asks of TorchServe, and what its answers mean."""

import json
import logging
from dataclasses import dataclass
from typing import Any

import urllib3

from gateway.connection import Connection, unreachable
from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.tokens import KeyFileError, Kind, TokenKeeper

logger = logging.getLogger("gateway.torchserve")

_MANAGEMENT_POOL_SIZE = 2
_MANAGEMENT_TIMEOUT_SECONDS = 5.0  # these answers come from memory, a slow one is a dead one


@dataclass(frozen=True)
class Answer:
    """What TorchServe answered to a prediction request, passed on as it is."""

    status: int
    body: bytes
    server_timing: str
    request_id: str


@dataclass(frozen=True)
class ModelState:
    """What the management address tells about the model."""

    worker_states: tuple[str, ...]
    queue_places_left: int

    @property
    def is_ready(self) -> bool:
        """Return whether at least one worker takes work."""
        return "READY" in self.worker_states


class TorchServe:
    """The two addresses of TorchServe that the gateway needs, with the tokens for them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        connect = settings.connect_timeout_seconds
        self._inference = Connection(
            settings.torchserve_inference_url,
            settings.max_in_flight,
            urllib3.Timeout(connect=connect, read=settings.read_timeout_seconds),
        )
        self._management = Connection(
            settings.torchserve_management_url,
            _MANAGEMENT_POOL_SIZE,
            urllib3.Timeout(connect=connect, read=_MANAGEMENT_TIMEOUT_SECONDS),
        )
        self._tokens = TokenKeeper(settings.key_file, settings.token_margin_seconds, self._renew)

    def predict(self, body: bytes) -> Answer:
        """Return the answer to a checked request body; raises GatewayError for any failure."""
        path = f"/predictions/{self._settings.model}"
        response = self._call("inference", "POST", path, body)
        if response.status == 200 or _explains_itself(response):
            return _answer(response)
        raise self._failure(response)

    def model_state(self) -> ModelState:
        """Return the state of the workers and of the queue; raises GatewayError for any failure."""
        response = self._call("management", "GET", f"/models/{self._settings.model}")
        if response.status != 200:
            raise self._failure(response)
        try:
            return _parse_state(json.loads(response.data))
        except (ValueError, LookupError, TypeError):
            raise _failed(response.status) from None

    def _call(
        self, kind: Kind, method: str, path: str, body: bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        connection = self._inference if kind == "inference" else self._management
        try:
            token = self._tokens.token(kind)
            response = connection.send(method, path, token, body)
            if _rejects_token(response):
                token = self._tokens.replace(kind, rejected=token)
                response = connection.send(method, path, token, body)
        except KeyFileError as error:
            logger.warning("%s; is TorchServe running, is GATEWAY_KEY_FILE its file?", error)
            raise unreachable("no token for it") from None
        return response

    def _renew(self, kind: Kind, api_key: str) -> None:
        response = self._management.send("GET", f"/token?type={kind}", api_key)
        if response.status != 200:
            raise _failed(response.status)

    def _failure(self, response: urllib3.BaseHTTPResponse) -> GatewayError:
        if response.status == 413:
            return _too_large_for_torchserve()
        if response.status == 404:
            return self._not_ready(f"no model {self._settings.model}")
        if response.status == 503 and _type_of(response) == "ServiceUnavailableException":
            return self._full_or_not_ready()
        return _failed(response.status)

    def _full_or_not_ready(self) -> GatewayError:
        # TorchServe says the same of a full queue and of a model without workers.
        state = self.model_state()
        if not state.is_ready:
            return self._not_ready("none")
        logger.warning("TorchServe's queue was full, %s places now", state.queue_places_left)
        seconds = self._settings.retry_after_seconds
        message = (
            f"Expected a place in TorchServe's queue, found it full; try again in {seconds} s."
        )
        return GatewayError(429, "queue_full", message, seconds)

    def _not_ready(self, found: str) -> GatewayError:
        seconds = self._settings.retry_after_seconds
        message = f"Expected a ready worker, found {found}; try again in {seconds} s."
        return GatewayError(503, "not_ready", message, seconds)


def _answer(response: urllib3.BaseHTTPResponse) -> Answer:
    return Answer(
        response.status,
        response.data,
        response.headers.get("server-timing", ""),
        response.headers.get("x-request-id", ""),
    )


def _parse_state(versions: Any) -> ModelState:
    default = versions[0]
    workers = tuple(str(worker["status"]) for worker in default["workers"])
    return ModelState(workers, int(default["jobQueueStatus"]["remainingCapacity"]))


def _rejects_token(response: urllib3.BaseHTTPResponse) -> bool:
    return response.status in (400, 401) and _type_of(response) == "InvalidKeyException"


def _type_of(response: urllib3.BaseHTTPResponse) -> str:
    return str(_object_in(response).get("type", ""))


def _explains_itself(response: urllib3.BaseHTTPResponse) -> bool:
    """Tell whether an error comes from the handler, in the contract's shape."""
    if response.status not in (400, 413):
        return False
    error = _object_in(response).get("error")
    return isinstance(error, dict) and {"code", "message"} <= error.keys()


def _object_in(response: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    try:
        content = json.loads(response.data)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _too_large_for_torchserve() -> GatewayError:
    return GatewayError(
        413,
        "body_too_large",
        "Expected a body within TorchServe's max_request_size, found more; send several requests.",
    )


def _failed(status: int) -> GatewayError:
    logger.warning("TorchServe answered with status %s", status)
    message = f"Expected a prediction from TorchServe, found status {status}; try again."
    return GatewayError(502, "upstream_failed", message)
