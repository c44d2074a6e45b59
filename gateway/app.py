"""The application factory: `gunicorn -c gateway/gunicorn.conf.py "gateway.app:create_app()"`."""

import time

from flask import Flask, Response, g, request

from gateway.admission import Admission
from gateway.docs import create_docs
from gateway.errors import register_errors
from gateway.metrics import Metrics
from gateway.page import create_page
from gateway.readiness import Readiness
from gateway.routes import create_api
from gateway.security import register_security_headers
from gateway.settings import Settings, read_settings
from gateway.torchserve import TorchServe


def create_app(settings: Settings | None = None) -> Flask:
    """Return the WSGI application; without settings they come from the environment."""
    settings = settings or read_settings()
    app = Flask("gateway", static_folder=None)
    app.url_map.strict_slashes = False
    app.logger.setLevel(settings.log_level.upper())

    torchserve = TorchServe(settings)
    admission = Admission(settings.max_in_flight, settings.retry_after_seconds)
    metrics = Metrics(admission)
    readiness = Readiness(torchserve, settings.ready_cache_seconds, settings.retry_after_seconds)

    register_errors(app)
    register_security_headers(app)
    _register_measuring(app, metrics)
    app.register_blueprint(create_api(torchserve, admission, readiness, metrics))
    app.register_blueprint(create_docs())
    app.register_blueprint(create_page(settings.ui_dir))
    return app


def _register_measuring(app: Flask, metrics: Metrics) -> None:
    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        endpoint = (request.endpoint or "unknown").rpartition(".")[2]
        metrics.count_request(endpoint, response.status_code, time.perf_counter() - g.started)
        return response
