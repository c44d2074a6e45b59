# ruff: noqa: N999  (the name that gunicorn expects)
"""gunicorn's settings: one process with threads, since a request mostly waits for TorchServe.

One process keeps the metrics, the bound on requests in flight and the tokens in one place; the
model is the bottleneck long before the gateway's one core is.
"""

from gateway.access_log import AccessLogger
from gateway.settings import SettingsError, read_settings

_SPARE_THREADS = 8  # answer health checks, the page and 429 while every place is taken

try:
    _settings = read_settings()
except SettingsError as error:
    raise SystemExit(f"gateway: {error}") from None

bind = f"{_settings.host}:{_settings.port}"
workers = 1
worker_class = "gthread"
threads = _settings.max_in_flight + _SPARE_THREADS
keepalive = 75  # seconds; longer than most proxies in front keep their connections
timeout = 30  # seconds without a sign of life from the process, not a limit on a request
graceful_timeout = 30  # seconds for the requests in flight at SIGTERM
control_socket_disable = True
accesslog = "-"
logger_class = AccessLogger
loglevel = _settings.log_level
