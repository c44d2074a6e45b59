"""The gateway as a child process, told where TorchServe listens and where its key file lies."""

import os
import sys

from serving.processes import Server, start_server
from serving.settings import ROOT, Settings


def start_gateway(settings: Settings) -> Server:
    """Start gunicorn on the gateway; other GATEWAY_ variables of the environment still count."""
    told = {
        "GATEWAY_HOST": settings.host,
        "GATEWAY_PORT": str(settings.port),
        "GATEWAY_TORCHSERVE_INFERENCE_URL": f"http://127.0.0.1:{settings.inference_port}",
        "GATEWAY_TORCHSERVE_MANAGEMENT_URL": f"http://127.0.0.1:{settings.management_port}",
        "GATEWAY_KEY_FILE": str(settings.key_file),
        "GATEWAY_UI_DIR": str(settings.page),
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "gateway/gunicorn.conf.py"]
    return start_server(
        "the gateway",
        [*command, "gateway.app:create_app()"],
        {**os.environ, **told},
        ROOT,
        settings.log_dir / "gateway.log",
    )
