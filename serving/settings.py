"""What the runner can be told on its command line, and where everything lies."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from serving.errors import StartError

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config.properties"
LOG_CONFIG = ROOT / "serving" / "log4j2.xml"
METRICS_CONFIG = ROOT / "serving" / "metrics.yaml"


@dataclass(frozen=True)
class Settings:
    """One start of the service: addresses, inputs, and the folder for logs, key file and state."""

    host: str
    port: int
    inference_port: int
    management_port: int
    metrics_port: int
    grpc_port: int
    checkpoint: Path
    archive: Path
    page: Path
    run_dir: Path
    prepacked: bool
    startup_timeout: float
    workers: int = 1
    open_to_everybody: bool = False

    @property
    def ports(self) -> dict[str, int]:
        """Every TCP port that must be free, by what listens on it."""
        return {
            "gateway": self.port,
            "TorchServe inference": self.inference_port,
            "TorchServe management": self.management_port,
            "TorchServe metrics": self.metrics_port,
            "TorchServe grpc": self.grpc_port,
        }

    @property
    def key_file(self) -> Path:
        """Where TorchServe, whose working directory is the run folder, writes its tokens."""
        return self.run_dir / "key_file.json"

    @property
    def log_dir(self) -> Path:
        """The folder of all log files of this start."""
        return self.run_dir / "logs"

    @property
    def ready_url(self) -> str:
        """The gateway's readiness address, as seen from this machine."""
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host
        return f"http://{host}:{self.port}/readyz"


def parse_settings(arguments: list[str], environ: Mapping[str, str] | None = None) -> Settings:
    """Read the command line, and the gateway's variables where it says nothing.

    Relative paths mean the caller's working directory. Raises StartError for a variable of the
    gateway's that would send it to another TorchServe than the one that is started here.
    """
    environ = os.environ if environ is None else environ
    settings = Settings(**vars(_parser(environ).parse_args(arguments)))
    _require_own_torchserve(settings, environ)
    return settings


def _require_own_torchserve(settings: Settings, environ: Mapping[str, str]) -> None:
    own = {
        "GATEWAY_TORCHSERVE_INFERENCE_URL": f"http://127.0.0.1:{settings.inference_port}",
        "GATEWAY_TORCHSERVE_MANAGEMENT_URL": f"http://127.0.0.1:{settings.management_port}",
        "GATEWAY_KEY_FILE": str(settings.key_file),
    }
    for name, value in own.items():
        given = environ.get(name, "").strip().replace("//localhost:", "//127.0.0.1:").rstrip("/")
        if given and given != value and Path(given).resolve() != settings.key_file:
            raise StartError(
                f"{name} is {environ[name]!r}, but the TorchServe started here has {value}: "
                "unset it, or start the gateway alone (see README.md)"
            )


def _port_of(url: str | None, default: int) -> int:
    """Return the port that one of the gateway's addresses of TorchServe names."""
    try:
        return (urlsplit(url.strip()).port if url else None) or default
    except ValueError:
        return default


def _path(text: str) -> Path:
    return Path(text).resolve()


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving",
        description="Run TorchServe and the gateway in the foreground until Ctrl-C or SIGTERM.",
        epilog="Variables GATEWAY_... (README.md) count as for the gateway alone; an option wins.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    host, port = environ.get("GATEWAY_HOST", "127.0.0.1"), environ.get("GATEWAY_PORT", "8000")
    inference = _port_of(environ.get("GATEWAY_TORCHSERVE_INFERENCE_URL"), 8080)
    management = _port_of(environ.get("GATEWAY_TORCHSERVE_MANAGEMENT_URL"), 8081)
    add("--host", default=host, help="address of the gateway; TorchServe's is 127.0.0.1")
    add("--port", type=int, default=port, help="port of the gateway")
    add("--inference-port", type=int, default=inference, help="port of TorchServe's predictions")
    add("--management-port", type=int, default=management, help="port of TorchServe's management")
    add("--metrics-port", type=int, default=8082, help="port of TorchServe's metrics")
    add("--grpc-port", type=int, default=7070, help="port of TorchServe's predictions by gRPC")
    store = ROOT / "model_store"
    add("--checkpoint", type=_path, default=store / "checkpoint", help="what is packed")
    add("--archive", type=_path, default=store / "sentiment.mar", help="what is served")
    page = environ.get("GATEWAY_UI_DIR", str(ROOT / "ui" / "dist"))
    add("--page", type=_path, default=page, help="the built page")
    add("--run-dir", type=_path, default=ROOT / "run", help="folder for logs and key file")
    add("--prepacked", action="store_true", help="serve the archive as it is, pack nothing")
    add("--open-to-everybody", action="store_true", help="listen beyond this machine without keys")
    add("--workers", type=int, default=1, help="workers: a second one, 0.5 GB, hides a dead one")
    add("--startup-timeout", type=float, default=120.0, help="seconds in which to be ready")
    return parser
