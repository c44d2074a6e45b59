"""The id under which every part of the service writes down one request."""

import re
from typing import Final

HEADER: Final = "X-Request-Id"
_FITTING: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)


def fitting_id(sent: str | None) -> str | None:
    """Return the id that came with a request if it is one that a log line can hold, else None."""
    return sent if sent and _FITTING.fullmatch(sent) else None
