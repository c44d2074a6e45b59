"""Spans for an OpenTelemetry collector: off unless OTEL_EXPORTER_OTLP_ENDPOINT names one.

A request's spans continue its caller's trace (W3C Trace Context), TorchServe's worker continues
them (handler.tracing). No span holds text: attributes are counts, codes and names.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol

from flask import Flask, Response, g, request

from gateway.settings import SettingsError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

# The variables are OpenTelemetry's own; its library reads the rest of them (sampler, headers, ...).
SWITCHES: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
TRACED: Final = frozenset({"/predict", "/explain"})

# What the next request to TorchServe is to continue; empty without a span.
traceparent: ContextVar[str] = ContextVar("traceparent", default="")


class Trace(Protocol):
    """Makes the spans of one request, in whichever thread they begin."""

    def span(self, name: str) -> AbstractContextManager[object]:
        """Return a span for the length of a `with` block."""
        ...


class NoTrace:
    """What a request has that is not traced."""

    def span(self, name: str) -> AbstractContextManager[object]:
        """Do nothing."""
        return nullcontext()


NO_TRACE: Final = NoTrace()


class RequestTrace:
    """The spans below one request's own."""

    def __init__(self, tracer: "Tracer", parent: "Context") -> None:
        self._tracer = tracer
        self._parent = parent

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Make a span; what is sent to TorchServe within it says so."""
        span = self._tracer.start_span(name, self._parent)
        token = traceparent.set(_written(span.get_span_context()))
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", getattr(error, "code", type(error).__name__))
            raise
        finally:
            traceparent.reset(token)
            span.end()


def trace_of_request() -> Trace:
    """Return the trace of the request that is being answered."""
    trace: Trace = g.get("trace", NO_TRACE)
    return trace


def register_tracing(app: Flask, environ: Mapping[str, str] | None = None) -> None:
    """Trace the requests that cost the model work; without a switch nothing is registered.

    Raises SettingsError if it is switched on and its packages are missing.
    """
    environ = os.environ if environ is None else environ
    switch = next((name for name in SWITCHES if environ.get(name)), None)
    if switch is None:
        return
    provider = _provider(switch)
    app.extensions["tracing"] = provider
    tracer = provider.get_tracer("gateway")

    @app.before_request
    def begin() -> None:
        if request.path in TRACED:
            _begin(tracer)

    @app.after_request
    def note(response: Response) -> Response:
        if "span" in g:
            g.span.set_attribute("http.response.status_code", response.status_code)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if "span" in g:
            g.span.end()


def end_tracing(app: Flask) -> None:
    """Send what has not been sent yet, for a few seconds at most."""
    if provider := app.extensions.get("tracing"):
        provider.force_flush(3_000)
        provider.shutdown()


def _begin(tracer: "Tracer") -> None:
    from opentelemetry.trace import SpanKind, set_span_in_context

    g.span = tracer.start_span(
        f"{request.method} {request.path}",
        _continued(request.headers.get("traceparent", "")),
        SpanKind.SERVER,
        {
            "http.request.method": request.method,
            "http.route": request.path,
            "request.id": g.request_id,
        },
    )
    g.trace = RequestTrace(tracer, set_span_in_context(g.span))


def _continued(header: str) -> "Context":
    """Return the caller's context; one that is broken counts as none."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": header})


def _written(context: Any) -> str:
    """Return a span's context as W3C Trace Context writes it."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _provider(switch: str) -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"Expected the packages of tracing, which {switch} switches on, found no {error.name}; "
            "install requirements/tracing.txt, or unset it."
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": "review-sentiment"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
