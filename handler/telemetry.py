"""Keeps libraries from reporting their use to anybody; the package calls it before it loads any."""

import os
import sys
from typing import Final

# Read by huggingface_hub, and so by transformers, when it is imported.
SWITCHES: Final = {"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


def switch_off() -> None:
    """Switch off what the libraries used here would send; to be called before they are imported.

    OpenVINO posts an event at every import, and keeps a client id in the home folder. Its opt-out
    command writes a file into that folder as well. Where its telemetry package cannot be imported,
    OpenVINO takes a stub of its own that does nothing: None is Python's mark for such a package.
    """
    os.environ.update(SWITCHES)
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
