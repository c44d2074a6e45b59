"""The application factory: routes and their parts, without the server (see `python -m gateway`)."""

from flask import Flask

from gateway.access import Access, register_access
from gateway.admission import Admission
from gateway.docs import create_docs
from gateway.door import Door
from gateway.drift import Drift, read_reference
from gateway.errors import register_errors
from gateway.explaining import AT_ONCE, Explaining, create_explaining
from gateway.feedback import create_feedback, offer
from gateway.measuring import register_measuring
from gateway.metrics import Metrics
from gateway.model import ServedModel, create_model, register_version
from gateway.page import create_page
from gateway.readiness import Readiness
from gateway.request_id import register_request_id
from gateway.routes import create_api
from gateway.scoring import Scoring
from gateway.security import register_security_headers
from gateway.settings import Settings, most_explained, read_settings
from gateway.torchserve import TorchServe
from gateway.tracing import register_tracing
from gateway.verdicts import VerdictMetrics
from gateway.worker_metrics import WorkerMetrics
from gateway.worker_watch import WorkerWatch


def create_app(settings: Settings | None = None) -> Flask:
    """Return the WSGI application; without settings they come from the environment."""
    settings = settings or read_settings()
    app = Flask("gateway", static_folder=None)
    app.url_map.strict_slashes = False
    app.logger.setLevel(settings.log_level.upper())

    torchserve = TorchServe(settings)
    admission = app.extensions["admission"] = Admission(
        settings.max_in_flight, settings.retry_after_seconds
    )
    metrics = Metrics(admission, settings)
    metrics.watch_tokens(torchserve.token_expires_at)
    worker = WorkerMetrics(settings.torchserve_metrics_url, torchserve.model_state)
    metrics.registry.register(worker)
    verdicts = VerdictMetrics(metrics.registry, Drift(read_reference(settings.reference)))
    model = ServedModel(torchserve, settings.model)
    watch = app.extensions["worker_watch"] = WorkerWatch(
        torchserve, settings.retry_after_seconds, model_changed=model.ask_again
    )
    readiness = Readiness(
        torchserve,
        settings.ready_cache_seconds,
        settings.retry_after_seconds,
        found_ready=watch.saw_ready,
    )
    scoring = Scoring(admission, watch, settings.retry_seconds)

    reasons = Admission(most_explained(settings), settings.retry_after_seconds, most_pieces=AT_ONCE)
    explaining = Explaining(torchserve, scoring, reasons, settings.read_timeout_seconds)
    access = Access(settings)
    app.extensions["door"] = Door(access, watch, admission, metrics, model)

    register_request_id(app)
    register_tracing(app)
    register_errors(app)
    register_measuring(app, metrics, verdicts)
    register_version(app, model)  # after measuring, which Flask then calls last
    register_access(app, access)
    register_security_headers(app)
    app.register_blueprint(create_api(torchserve, scoring, readiness, metrics))
    app.register_blueprint(create_explaining(explaining, metrics))
    app.register_blueprint(create_model(model, offer(settings)))
    app.register_blueprint(create_feedback(settings, model))
    app.register_blueprint(create_docs())
    app.register_blueprint(create_page(settings.ui_dir))
    return app
