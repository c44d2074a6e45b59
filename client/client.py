"""Asks the gateway over HTTP; answers come back as the contract's own types."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from contract.answer import Prediction
from contract.explanation import Explained, Explanation, Sentence, WordShare
from contract.limits import MAX_REVIEWS


class ServiceError(Exception):
    """The service refused or failed; says what the service said, or why none was reached."""

    def __init__(
        self, status: int, code: str, message: str, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


@dataclass(frozen=True)
class Client:
    """Talks to one gateway; `timeout` is in seconds, `key` is what a gateway with keys asks for."""

    url: str = "http://127.0.0.1:8000"
    timeout: float = 60.0
    key: str | None = None

    def predict(self, review: str) -> Prediction:
        """Score one review; raises ServiceError."""
        return Prediction(**self._call("POST", "/predict", {"review": review}))

    def predict_many(self, reviews: Sequence[str]) -> list[Prediction | ServiceError]:
        """Score any number of reviews, in order; one that cannot be scored gives its error."""
        answers: list[Prediction | ServiceError] = []
        for start in range(0, len(reviews), MAX_REVIEWS):
            body = {"reviews": list(reviews[start : start + MAX_REVIEWS])}
            answers += map(_item, self._call("POST", "/predict", body)["predictions"])
        return answers

    def explain(self, review: str) -> Explanation:
        """Score one review and say why; raises ServiceError."""
        return _explanation(self._call("POST", "/explain", {"review": review}))

    def model(self) -> dict[str, Any]:
        """Return which model is served, with the fields of `GET /model`; raises ServiceError."""
        return self._call("GET", "/model")

    def report(self, review: str, given: str, right: str, model_version: str, consent: bool) -> str:
        """Report a wrong verdict; returns the receipt that deletes it. Raises ServiceError."""
        body = {
            "review": review,
            "given": given,
            "right": right,
            "model_version": model_version,
            "consent": consent,
        }
        return str(self._call("POST", "/feedback", body)["receipt"])

    def delete_report(self, receipt: str) -> None:
        """Delete what was reported; raises ServiceError."""
        self._call("DELETE", f"/feedback/{receipt}")

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                content: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error) from None
        except (OSError, ValueError) as error:
            message = f"Expected an answer from {self.url}, found none ({error}); is it running?"
            raise ServiceError(0, "unreachable", message) from error
        return content


def _refused(error: urllib.error.HTTPError) -> ServiceError:
    retry_after = error.headers.get("Retry-After", "")
    seconds = int(retry_after) if retry_after.isdecimal() else None
    try:
        content = json.load(error)["error"]
        return ServiceError(error.code, content["code"], content["message"], seconds)
    except (ValueError, LookupError, TypeError):
        phrase = HTTPStatus(error.code).phrase
        return ServiceError(error.code, "unknown", f"Expected JSON, found {phrase}.", seconds)


def _item(content: dict[str, Any]) -> Prediction | ServiceError:
    if "error" in content:
        return ServiceError(HTTPStatus.OK, content["error"]["code"], content["error"]["message"])
    return Prediction(**content)


def _explanation(content: dict[str, Any]) -> Explanation:
    why = ("words", "sentences", "mixed", "read", "method", "explained")
    fields = {name: content.pop(name) for name in why}
    return Explanation(
        Prediction(**content),
        tuple(WordShare(**word) for word in fields["words"]),
        tuple(Sentence(**sentence) for sentence in fields["sentences"]),
        fields["mixed"],
        tuple((start, end) for start, end in fields["read"]),
        fields["method"],
        Explained(**fields["explained"]),
    )
