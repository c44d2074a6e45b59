"""From a checkpoint to the .mar that TorchServe loads: exports, packing, checksums."""

import handler  # noqa: F401  (switches telemetry off before any module here loads a library)
