"""From labelled reviews to a calibrated, evaluated checkpoint."""

from pathlib import Path

import handler  # noqa: F401  (switches telemetry off before any module here loads a library)

# The commands live in stages/; here is where `python -m training.NAME` looks for them as well.
__path__ = [*__path__, str(Path(__file__).parent / "stages")]
