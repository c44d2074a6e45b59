"""TorchServe as a child process: the Java program behind `torchserve --start`, run directly.

The command returns 0 whatever becomes of Java, keeps one process file for the whole machine, and
lets all services of a machine meet under the same socket names in its temporary folder.
"""

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from serving.errors import StartError
from serving.processes import Server, start_server
from serving.settings import CONFIG, LOG_CONFIG, METRICS_CONFIG, Settings
from serving.store import SERVED, store_of

# Variables that change TorchServe behind config.properties' back: it does not get to see them.
SURPRISES = ("TS_", "LOG_LOCATION", "METRICS_LOCATION", "SM_TELEMETRY_LOG", "JAVA_TOOL_OPTIONS")


def start_torchserve(settings: Settings, java: Path, temporary: Path) -> Server:
    """Start TorchServe on the archive; `temporary` is private and short enough for sockets."""
    config = _derived_config(settings)
    return start_server(
        "TorchServe",
        _command(settings, java, config, temporary),
        _environment(os.environ, settings, temporary),
        settings.run_dir,
        settings.log_dir / "torchserve.log",
    )


def load_failure(settings: Settings, server: Server) -> str | None:
    """Return the last words of a worker that could not load the model; TorchServe would try on."""
    if "Load model failed" not in server.output():
        return None
    lines = (settings.log_dir / "model_log.log").read_text(errors="replace").splitlines()
    # Each begins with time and level, "2026-01-31T12:00:00,000 INFO  ".
    return lines[-1].split(maxsplit=2)[-1] if lines else "it left no message"


def _derived_config(settings: Settings) -> Path:
    """Write config.properties plus what this start differs in: a key's last mention counts.

    Models can be added and removed here: `python -m serving.swap` needs it. It takes the management
    token, and the store of this run is the only place that they may come from.
    """
    overrides = {
        "inference_address": f"http://127.0.0.1:{settings.inference_port}",
        "management_address": f"http://127.0.0.1:{settings.management_port}",
        "metrics_address": f"http://127.0.0.1:{settings.metrics_port}",
        "grpc_inference_port": settings.grpc_port,
        "metrics_config": METRICS_CONFIG,
        "enable_model_api": "true",
    }
    derived = settings.run_dir / "config.properties"
    lines = [f"{key}={value}" for key, value in overrides.items()]
    derived.write_text("\n".join([CONFIG.read_text(), "# Set by the runner", *lines, ""]))
    return derived


def _command(settings: Settings, java: Path, config: Path, temporary: Path) -> list[str]:
    home = _package_folder().parent
    return [
        str(java),
        f"-Dmodel_server_home={home}",
        *_jvm_options(),
        f"-Dlog4j.configurationFile={LOG_CONFIG.as_uri()}",
        f"-Djava.io.tmpdir={temporary}",
        *("-cp", str(_package_folder() / "frontend" / "*")),
        "org.pytorch.serve.ModelServer",
        *("--python", sys.executable),
        *("-f", str(config)),
        *("-s", str(store_of(settings.run_dir))),
        "-ncs",  # snapshots of an earlier start could override this one's model
        *("-m", SERVED),
    ]


def _package_folder() -> Path:
    spec = find_spec("ts")
    if spec is None or spec.origin is None:
        raise StartError("the package torchserve is missing: run `make setup`")
    return Path(spec.origin).parent


def _jvm_options() -> list[str]:
    """Return config.properties' `vmargs`, which the command reads: Java itself does not."""
    lines = (line.strip() for line in CONFIG.read_text().splitlines())
    values = [line.partition("=")[2] for line in lines if line.startswith("vmargs=")]
    options = values[-1].split() if values else []
    return [option for option in options if not option.startswith("-Dlog4j.configurationFile=")]


def _environment(
    inherited: Mapping[str, str], settings: Settings, temporary: Path
) -> dict[str, str]:
    kept = {name: value for name, value in inherited.items() if not name.startswith(SURPRISES)}
    told = {"LOG_LOCATION": str(settings.log_dir), "TMPDIR": str(temporary)}
    if threads := inherited.get("SENTIMENT_THREADS"):
        told["OPENBLAS_NUM_THREADS"] = threads  # numpy's, which explains
    return {**kept, **told, "HF_HUB_OFFLINE": "1"}  # all that is served lies in the archive
