"""A stand-in for TorchServe on ephemeral loopback ports: tokens, predictions, the model's state."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gateway.settings import Settings
from tests.http_server import serving

API_KEY = "api-key"
PREDICTION = {
    "label": "positive",
    "confidence": 0.9,
    "probabilities": {"negative": 0.1, "positive": 0.9},
    "certain": True,
    "tokens": 3,
    "truncated": False,
}
EXPLANATION = {
    **PREDICTION,
    "words": [{"start": 2, "end": 6, "contribution": 0.8}],
    "sentences": [
        {"start": 0, "end": 12, "label": "positive", "confidence": 0.9, "contribution": 0.8}
    ],
    "mixed": False,
    "read": [[0, 12]],
    "method": "by hand",
    "explained": {"network": "fp32", "label": "positive", "confidence": 0.9},
}
DESCRIPTION = {
    "version": "0123456789ab",
    "labels": ["negative", "positive"],
    "language": "en",
    "domain": "film reviews",
    "max_length": 512,
    "threshold": 0.7,
    "engine": "openvino-int8",
    "figures": {"accuracy": 0.9},
}
TIMING = 'tokenize;dur=1.2, inference;dur=8.4;desc="onnx-int8"'


@dataclass(frozen=True)
class Reply:
    """One answer to send: status, body, further headers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; requests over one connection have the same client port."""

    path: str
    token: str
    content_type: str
    body: bytes
    client_port: int
    request_id: str = ""
    traceparent: str = ""
    later: str = ""


def as_json(status: int, content: Any) -> Reply:
    """Return a reply with a JSON body."""
    return Reply(status, json.dumps(content).encode())


def own_error(status: int, kind: str) -> Reply:
    """Return an error as TorchServe itself words it, which is not the contract's shape."""
    return as_json(status, {"code": status, "type": kind, "message": "in TorchServe's own words"})


INVALID_KEY = own_error(400, "InvalidKeyException")
NO_PLACE = own_error(503, "ServiceUnavailableException")


def model_state(*workers: str, places: int = 100) -> Reply:
    """Return the management address's description of a model with workers in these states."""
    description = {
        "workers": [{"id": str(number), "status": state} for number, state in enumerate(workers)],
        "jobQueueStatus": {"remainingCapacity": places, "pendingRequests": 0},
    }
    return as_json(200, [description])


def model_description(**changes: Any) -> Reply:
    """Return what the management address says of the model if the worker is asked, too."""
    return as_json(200, [{"customizedMetadata": json.dumps({**DESCRIPTION, **changes})}])


class FakeTorchServe:
    """What the two servers answer, settable by a test, and what they were asked."""

    def __init__(self, key_file: Path) -> None:
        self.key_file = key_file
        self.prediction = Reply(
            200,
            json.dumps(PREDICTION).encode(),
            {"Server-Timing": TIMING, "x-request-id": "TorchServe's own"},
        )
        self.explanation = as_json(200, EXPLANATION)
        self.explanations: list[Reply] = []
        """What is answered one after the other before `explanation` is."""
        self.state = model_state("READY")
        self.description = model_description()
        self.connections_to_drop = 0
        self.renewals_fail = False
        self.go_on = threading.Event()
        self.go_on.set()
        self.arrived = threading.Semaphore(0)
        self.predictions: list[Seen] = []
        self.managed: list[Seen] = []
        self.tokens = {"inference": "inference-1", "management": "management-1"}
        self.inference_url = ""
        self.management_url = ""
        self.write_key_file()

    def settings(self, **changes: Any) -> Settings:
        """Return gateway settings that point here, fields changed as given."""
        here = Settings(
            torchserve_inference_url=self.inference_url,
            torchserve_management_url=self.management_url,
            key_file=self.key_file,
        )
        return replace(here, **changes)

    def write_key_file(self, seconds_left: float = 3600) -> None:
        """Write the key file with tokens that expire after this many seconds."""
        expiry = (datetime.now(UTC) + timedelta(seconds=seconds_left)).isoformat(
            timespec="microseconds"
        )
        entries: dict[str, dict[str, str]] = {
            kind: {"key": token, "expiration time": expiry.replace("+00:00", "789Z")}
            for kind, token in self.tokens.items()
        }
        self.key_file.write_text(json.dumps({**entries, "API": {"key": API_KEY}}))

    def replace_token(self, kind: str, seconds_left: float = 3600) -> None:
        """Void a token and write its successor, as TorchServe does on request and at a restart."""
        name, _, number = self.tokens[kind].rpartition("-")
        self.tokens[kind] = f"{name}-{int(number) + 1}"
        self.write_key_file(seconds_left)

    def answer_prediction(self, seen: Seen) -> Reply | None:
        """Return the reply to a request at the inference address, None to drop the connection."""
        self.predictions.append(seen)
        self.arrived.release()
        self.go_on.wait(timeout=10)
        if self.connections_to_drop:
            self.connections_to_drop -= 1
            return None
        reply = self._why() if seen.path.startswith("/explanations") else self.prediction
        return reply if seen.token == self.tokens["inference"] else INVALID_KEY

    def answer_management(self, seen: Seen) -> Reply | None:
        """Return the reply to a request at the management address."""
        self.managed.append(seen)
        address = urlsplit(seen.path)
        if address.path == "/token":
            return self._renew(seen, parse_qs(address.query)["type"][0])
        reply = self.description if address.query == "customized=true" else self.state
        return reply if seen.token == self.tokens["management"] else INVALID_KEY

    def _why(self) -> Reply:
        return self.explanations.pop(0) if self.explanations else self.explanation

    def _renew(self, seen: Seen, kind: str) -> Reply:
        if seen.token != API_KEY or self.renewals_fail:
            return INVALID_KEY
        self.replace_token(kind)
        return Reply(200, b"\n")


@contextmanager
def running(folder: Path) -> Iterator[FakeTorchServe]:
    """Run a fake TorchServe whose key file lies in a folder, for the length of a `with` block."""
    fake = FakeTorchServe(folder / "key_file.json")
    with (
        _serving(fake.answer_prediction) as inference,
        _serving(fake.answer_management) as management,
    ):
        fake.inference_url, fake.management_url = inference, management
        yield fake
        fake.go_on.set()


@contextmanager
def _serving(answer: Any) -> Iterator[str]:
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
    with serving(_Server(("127.0.0.1", 0), handler)) as url:
        yield url


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: a client that gives up in mid-answer is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # one packet per answer
    answer: Any

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def _reply(self) -> None:
        reply = self.answer(self._seen())
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status >= 400:
            self.send_header("connection", "close")  # as TorchServe does
        self.end_headers()
        self.wfile.write(reply.body)

    def _seen(self) -> Seen:
        return Seen(
            self.path,
            self.headers.get("authorization", "").removeprefix("Bearer "),
            self.headers.get("content-type", ""),
            self.rfile.read(int(self.headers.get("content-length", 0))),
            self.client_address[1],
            self.headers.get("x-request-id", ""),
            self.headers.get("traceparent", ""),
            self.headers.get("x-explanation", ""),
        )

    def log_message(self, format: str, *arguments: Any) -> None:
        """Stay silent."""
