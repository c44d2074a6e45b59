"""Speed of this project and of its peers, in the process and through the servers."""

import handler  # noqa: F401  (switches telemetry off before any module here loads a library)
