"""Every port is one that can be listened on, each by one server, and free."""

import socket

from serving.errors import StartError
from serving.settings import Settings


def require_ports(settings: Settings) -> None:
    """Raise StartError for the first port that is no port, asked for twice, or taken."""
    seen: dict[int, str] = {}
    for what, port in settings.ports.items():
        if not 1 <= port <= 65535:
            raise StartError(f"port {port} for {what} is none: choose one from 1 to 65535")
        if port in seen:
            raise StartError(f"port {port} is asked for twice, for {seen[port]} and for {what}")
        seen[port] = what
        _require_free(settings.host if what == "gateway" else "127.0.0.1", port, what)


def _require_free(host: str, port: int, what: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ignore closed connections
        try:
            probe.bind((host, port))
        except OSError as error:
            option = "--port" if what == "gateway" else f"--{what.split()[-1]}-port"
            other = f'make serve SERVE_ARGS="{option} {port + 1000}"'
            raise StartError(
                f"port {port} for {what} cannot be had ({error.strerror}): "
                f"end what listens there, or choose another: {other}"
            ) from error
