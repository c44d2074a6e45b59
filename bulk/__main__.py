"""Score many reviews; see `python -m bulk --help`."""

import signal
import sys
from types import FrameType

from bulk.command import main


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Take a polite request to end like Ctrl-C: what stops a container sends it before it kills."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main())
