"""What the runner can be told on its command line, and where everything lies."""

import argparse
from dataclasses import dataclass
from pathlib import Path

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
    checkpoint: Path
    archive: Path
    page: Path
    run_dir: Path
    prepacked: bool
    startup_timeout: float

    @property
    def ports(self) -> dict[str, int]:
        """Every TCP port that must be free, by what listens on it."""
        return {
            "gateway": self.port,
            "TorchServe inference": self.inference_port,
            "TorchServe management": self.management_port,
            "TorchServe metrics": self.metrics_port,
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


def parse_settings(arguments: list[str]) -> Settings:
    """Read the command line; relative paths mean the caller's working directory."""
    return Settings(**vars(_parser().parse_args(arguments)))


def _path(text: str) -> Path:
    return Path(text).resolve()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving",
        description="Run TorchServe and the gateway in the foreground until Ctrl-C or SIGTERM.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address of the gateway; TorchServe's is 127.0.0.1")
    add("--port", type=int, default=8000, help="port of the gateway")
    add("--inference-port", type=int, default=8080, help="port of TorchServe's predictions")
    add("--management-port", type=int, default=8081, help="port of TorchServe's management")
    add("--metrics-port", type=int, default=8082, help="port of TorchServe's metrics")
    store = ROOT / "model_store"
    add("--checkpoint", type=_path, default=store / "checkpoint", help="what is packed")
    add("--archive", type=_path, default=store / "sentiment.mar", help="what is served")
    add("--page", type=_path, default=ROOT / "ui" / "dist", help="the built page")
    add("--run-dir", type=_path, default=ROOT / "run", help="folder for logs and key file")
    add("--prepacked", action="store_true", help="serve the archive as it is, pack nothing")
    add("--startup-timeout", type=float, default=120.0, help="seconds in which to be ready")
    return parser
