"""What the gateway writes down, and how: one line for each event, rotated, readable by its group.

No line holds a review, a query string or a header: what a person wrote stays out of every log.
"""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final, Literal

Format = Literal["text", "json"]

FILE_MODE: Final = 0o640
_FILE_BYTES: Final = 10_000_000
_FILES_KEPT: Final = 5
_TEXT: Final = "%(asctime)s %(levelname)-7s %(name)s %(message)s"


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON; `fields` given as `extra` become its own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        content: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **getattr(record, "fields", {"message": record.getMessage()}),
        }
        if record.exc_info:
            content["exception"] = self.formatException(record.exc_info)
        return json.dumps(content, ensure_ascii=False)


class PrivateFileHandler(RotatingFileHandler):
    """Appends to a file of mode 0640, and begins a new one every ten megabytes; five are kept."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT, encoding="utf-8")

    def _open(self):  # type: ignore[no-untyped-def]  # typeshed names a private type
        opened = super()._open()
        os.fchmod(opened.fileno(), FILE_MODE)
        return opened


def set_up_logging(level: str, form: Format, file: Path | None) -> None:
    """Send every log of the process to the file, or to standard error if there is none."""
    handler = PrivateFileHandler(file) if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else logging.Formatter(_TEXT))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
