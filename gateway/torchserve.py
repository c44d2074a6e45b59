"""What the gateway asks of TorchServe, and what its answers mean."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

from contract.explanation import LATER, LATER_HEADER
from contract.model import VERSION_HEADER
from gateway.connection import NO_HEADERS, RETRY_AFTER, Connection, unreachable
from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.tokens import KeyFileError, Kind, TokenKeeper

logger = logging.getLogger("gateway.torchserve")

# What TorchServe says to the requests of a batch whose worker has died.
_REPEATABLE = (500, 507)
_MANAGEMENT_POOL_SIZE = 4
_MANAGEMENT_TIMEOUT_SECONDS = 5.0  # these answers come from memory, a slow one is a dead one


@dataclass(frozen=True)
class Answer:
    """What TorchServe answered to a prediction request, passed on as it is."""

    status: int
    body: bytes
    server_timing: str
    model_version: str = ""


@dataclass(frozen=True)
class ModelState:
    """What the management address tells about the model."""

    worker_states: tuple[str, ...]
    queue_places_left: int
    workers: frozenset[tuple[str, int]] = frozenset()
    """Name and process id of each worker: another process is another start."""
    served: str = ""
    """TorchServe's name of the version: another one is another archive in its place."""

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

    def predict(self, body: bytes, request_id: str = "") -> Answer:
        """Return the answer to a checked request body; raises GatewayError for any failure."""
        return self._ask("predictions", body, request_id)

    def explain(self, body: bytes, request_id: str = "", later: str = LATER) -> Answer:
        """Begin the explanation of one review, or fetch it by the name that stands in `later`.

        The answer has the status 202, and the name, as long as it is not done; raises GatewayError
        for any failure.
        """
        return self._ask("explanations", body, request_id, {LATER_HEADER: later})

    def describe_model(self) -> dict[str, Any]:
        """Return what the worker says about its model; raises GatewayError for any failure."""
        path = f"/models/{self._settings.model}?customized=true"
        response = self._call("management", "GET", path)
        if response.status != 200:
            raise self._failure(response)
        try:
            return _parse_description(json.loads(response.data))
        except (ValueError, LookupError, TypeError):
            raise self._not_ready("none that describes its model") from None

    def _ask(
        self,
        address: str,
        body: bytes,
        request_id: str,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Answer:
        path = f"/{address}/{self._settings.model}"
        response = self._call("inference", "POST", path, body, request_id, headers)
        if response.status in (200, 202) or _explains_itself(response):
            return _answer(response)
        raise self._failure(response)

    def token_expires_at(self, kind: Kind) -> float:
        """Return when the token in use for an address expires, in seconds since 1970."""
        return self._tokens.expires_at(kind)

    def model_state(self) -> ModelState:
        """Return the state of the workers and of the queue; raises GatewayError for any failure."""
        response = self._call("management", "GET", f"/models/{self._settings.model}")
        if response.status == 503:  # of which `_failure` would ask this very question
            raise _failed(response.status)
        if response.status != 200:
            raise self._failure(response)
        try:
            return _parse_state(json.loads(response.data))
        except (ValueError, LookupError, TypeError):
            raise _failed(response.status) from None

    def _call(
        self,
        kind: Kind,
        method: str,
        path: str,
        body: bytes | None = None,
        request_id: str = "",
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> urllib3.BaseHTTPResponse:
        connection = self._inference if kind == "inference" else self._management
        try:
            token = self._tokens.token(kind)
            response = connection.send(method, path, token, body, request_id, headers)
            if _rejects_token(response):
                token = self._tokens.replace(kind, rejected=token)
                response = connection.send(method, path, token, body, request_id, headers)
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
        if response.status == 404 and "error" in _object_in(response):
            return _lost()
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
    timing = response.headers.get("server-timing", "")
    return Answer(response.status, response.data, timing, response.headers.get(VERSION_HEADER, ""))


def _parse_state(versions: Any) -> ModelState:
    default = versions[0]
    workers = tuple(str(worker["status"]) for worker in default["workers"])
    processes = frozenset(
        (str(worker["id"]), int(worker["pid"])) for worker in default["workers"] if "pid" in worker
    )
    places = int(default["jobQueueStatus"]["remainingCapacity"])
    return ModelState(workers, places, processes, str(default.get("modelVersion", "")))


def _parse_description(versions: Any) -> dict[str, Any]:
    """Take out what the worker wrote, which TorchServe hands on as a text within its own answer."""
    description = versions[0]["customizedMetadata"]
    content = json.loads(description) if isinstance(description, str) else description
    if "version" not in content:
        raise LookupError
    return dict(content)


def _rejects_token(response: urllib3.BaseHTTPResponse) -> bool:
    return response.status in (400, 401) and _type_of(response) == "InvalidKeyException"


def _type_of(response: urllib3.BaseHTTPResponse) -> str:
    return str(_object_in(response).get("type", ""))


def _explains_itself(response: urllib3.BaseHTTPResponse) -> bool:
    """Tell whether an error comes from the handler, in the contract's shape."""
    if response.status not in (400, 413, 501):
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


def _lost() -> GatewayError:
    message = "Expected an explanation that was begun, found a worker that has lost it; try again."
    return GatewayError(502, "upstream_failed", message, RETRY_AFTER, repeatable=True)


def _failed(status: int) -> GatewayError:
    logger.warning("TorchServe answered with status %s", status)
    message = f"Expected a prediction from TorchServe, found status {status}; try again."
    return GatewayError(502, "upstream_failed", message, RETRY_AFTER, status in _REPEATABLE)
