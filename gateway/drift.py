"""Whether the last verdicts look like those on the training set: shares by bucket, never text."""

import json
import logging
import threading
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.distribution import QUANTITIES, Counts, stability_index

logger = logging.getLogger("gateway.drift")

WINDOW: Final = 2000  # verdicts that are compared: the last so many
FEWEST: Final = 300  # with fewer, chance alone would look like a shift


@dataclass(frozen=True)
class Reference:
    """How verdicts of one version of the model are distributed on its training set."""

    model_version: str
    counts: dict[str, Counts]


def read_reference(path: Path) -> Reference | None:
    """Return the reference in a file; without a fit one there is no drift to report."""
    try:
        content = json.loads(path.read_text("utf-8"))
        counts = {
            quantity: {str(name): int(count) for name, count in content[quantity].items()}
            for quantity in QUANTITIES
        }
        return Reference(str(content["model_version"]), counts)
    except FileNotFoundError:
        logger.info("no reference at %s: drift is not measured", path)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        logger.warning(
            "Expected a reference made by `make reference` at %s, found %s; drift is not measured.",
            path,
            type(error).__name__,
        )
    return None


class Drift:
    """Keeps the buckets of the last verdicts and compares them with the reference."""

    def __init__(self, reference: Reference | None) -> None:
        self._reference = reference
        self._version = ""
        self._last: deque[dict[str, str]] = deque(maxlen=WINDOW)
        self._lock = threading.Lock()

    def saw(self, buckets: dict[str, str], model_version: str) -> None:
        """Take note of one verdict; those of another version than the last are forgotten."""
        with self._lock:
            if model_version != self._version:
                self._version = model_version
                self._last.clear()
            self._last.append(buckets)

    def index(self, quantity: str) -> float | None:
        """Return the stability index of a quantity; None without a reference or enough verdicts."""
        with self._lock:
            verdicts, version = list(self._last), self._version
        if self._reference is None or len(verdicts) < FEWEST:
            return None
        if version and version != self._reference.model_version:
            return None
        found = Counter(verdict[quantity] for verdict in verdicts)
        return stability_index(self._reference.counts[quantity], found)
