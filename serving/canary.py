"""Reviews that a model has to answer well before anybody else's are sent to it."""

import json
import math
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from serving.errors import StartError
from serving.management import MODEL, token

PRAISE: Final = "A joy from the first scene to the last; I laughed, I cried, I went again."
BLAME: Final = "A waste of two hours: dull, badly acted and far too long. I want my money back."
# Longer than a model reads at once: what is cut is tried as well, and the largest shapes are warm.
LONG: Final = " ".join([PRAISE, BLAME] * 40)
_SECONDS: Final = 60.0

Ask = Callable[[str, object], Any]


def asking(port: int, key_file: Path, version: str) -> Ask:
    """Return a function that sends a request to one version of the model and returns the answer.

    It is told the address (predictions or explanations) and the content; it raises StartError.
    """

    def ask(address: str, content: object) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/{address}/{MODEL}/{version}",
            json.dumps(content).encode(),
            {
                "Authorization": f"Bearer {token(key_file, 'inference')}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            raise _unfit(f"an answer to {address}", f"status {error.code}") from error
        except (OSError, ValueError) as error:
            raise _unfit(f"an answer to {address}", type(error).__name__) from error

    return ask


def try_out(ask: Ask, labels: Sequence[str]) -> None:
    """Warm a model and look at its answers; raises StartError for the first that is unfit."""
    praise, blame = (ask("predictions", {"review": review}) for review in (PRAISE, BLAME))
    many = ask("predictions", {"reviews": [PRAISE, BLAME, LONG]}).get("predictions", [])
    for verdict in (praise, blame, *many):
        _check(verdict, labels)
    if len(many) != 3 or many[0]["label"] != praise["label"]:
        raise _unfit("the same verdicts in a list as alone", "others")
    if praise["probabilities"] == blame["probabilities"]:
        raise _unfit("different probabilities for praise and blame", "the same ones")
    if not ask("explanations", {"review": BLAME}).get("words"):
        raise _unfit("words that explain a verdict", "none")


def _check(verdict: Any, labels: Sequence[str]) -> None:
    probabilities = verdict.get("probabilities", {}) if isinstance(verdict, dict) else {}
    if list(probabilities) != list(labels):
        raise _unfit(f"a probability for each of {', '.join(labels)}", str(list(probabilities)))
    total = sum(probabilities.values())
    if not math.isclose(total, 1.0, abs_tol=1e-3):
        raise _unfit("probabilities that add up to 1", f"{total:.4g}")


def _unfit(expected: str, found: str) -> StartError:
    return StartError(f"expected {expected}, found {found}")
