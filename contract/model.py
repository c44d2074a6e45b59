"""What the service tells about the model that it serves."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

# The header that names the model's version, on every answer.
VERSION_HEADER: Final = "X-Model-Version"


@dataclass(frozen=True)
class Model:
    """The served model; `figures` are those of its card, language and domain null if it has none.

    `version` is the beginning of a checksum of the checkpoint, `max_length` the longest text that
    is read, in tokens, and `threshold` the confidence from which on a verdict is certain.
    """

    version: str
    labels: tuple[str, ...]
    language: str | None
    domain: str | None
    max_length: int
    threshold: float
    engine: str
    figures: Mapping[str, float]

    def as_json(self) -> dict[str, object]:
        """Return the fields as they are sent."""
        return asdict(self)
