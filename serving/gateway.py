"""The gateway as a child process, told where TorchServe listens and where its key file lies."""

import os
import sys

from serving.processes import Server, start_server
from serving.settings import ROOT, Settings


def start_gateway(settings: Settings) -> Server:
    """Start the gateway; GATEWAY_ variables that this runner does not set count as they are."""
    told = {
        "GATEWAY_HOST": settings.host,
        "GATEWAY_PORT": str(settings.port),
        "GATEWAY_TORCHSERVE_INFERENCE_URL": f"http://127.0.0.1:{settings.inference_port}",
        "GATEWAY_TORCHSERVE_MANAGEMENT_URL": f"http://127.0.0.1:{settings.management_port}",
        "GATEWAY_TORCHSERVE_METRICS_URL": f"http://127.0.0.1:{settings.metrics_port}",
        "GATEWAY_KEY_FILE": str(settings.key_file),
        "GATEWAY_UI_DIR": str(settings.page),
    }
    log = {"GATEWAY_LOG_FILE": str(settings.log_dir / "gateway.log")}
    return start_server(
        "the gateway",
        [sys.executable, "-m", "gateway"],
        {**log, **os.environ, **told},
        ROOT,
        settings.log_dir / "gateway.out",
    )
