"""The worker's spans, off unless OTEL_EXPORTER_OTLP_ENDPOINT names a collector.

A batch holds requests of many callers: it is a trace of its own, with its tokenizing and scoring,
and linked both ways with a span in each caller's trace. Spans are made once the batch has been
answered. No span holds text. The packages are not needed, nor imported, as long as it is off.
"""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from handler.predictor import Timing

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Link, Tracer

logger = logging.getLogger(__name__)

# OpenTelemetry's own variables; its library reads the rest of them (sampler, headers, ...).
SWITCHES: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
HEADER: Final = "traceparent"
NANOSECONDS: Final = 1e9


@dataclass(frozen=True)
class Batch:
    """When a batch began, was scored and was answered (ns since 1970), and what it held."""

    began: int
    scored: int
    answered: int
    timing: Timing
    reviews: Sequence[int]
    """How many reviews each row held."""
    attributes: Mapping[str, str]


class Tracing:
    """Makes the spans of batches; without a collector it makes none."""

    def __init__(self, tracer: "Tracer | None") -> None:
        self._tracer = tracer

    @property
    def is_on(self) -> bool:
        """Whether there is anybody to send spans to."""
        return self._tracer is not None

    def record(self, headers: Sequence[str], batch: Batch) -> None:
        """Make the spans of an answered batch, of whose rows these were the trace headers."""
        from opentelemetry.trace import Link, get_current_span

        callers = [_continued(header) for header in headers]
        spans = [get_current_span(caller).get_span_context() for caller in callers]
        links = [Link(span) for span in spans if span.trace_flags.sampled]
        if self._tracer is None or not links:
            return
        own = self._record_batch(self._tracer, links, batch)
        for caller, span, reviews in zip(callers, spans, batch.reviews, strict=True):
            if span.trace_flags.sampled:
                counts = {"reviews": reviews}
                row = self._tracer.start_span(
                    "answer", caller, attributes=counts, links=[own], start_time=batch.began
                )
                row.end(batch.answered)

    def _record_batch(self, tracer: "Tracer", links: "list[Link]", batch: Batch) -> "Link":
        from opentelemetry.context import Context
        from opentelemetry.trace import Link, set_span_in_context

        counts = {"rows": len(batch.reviews), "reviews": sum(batch.reviews)}
        attributes: dict[str, Any] = {**batch.attributes, **counts}
        span = tracer.start_span(
            "batch", Context(), attributes=attributes, links=links, start_time=batch.began
        )
        within = set_span_in_context(span)
        tokenized = batch.scored - int(batch.timing.inference * NANOSECONDS)
        for name, start, end in (
            ("tokenize", tokenized - int(batch.timing.tokenize * NANOSECONDS), tokenized),
            ("score", tokenized, batch.scored),
            ("answer", batch.scored, batch.answered),
        ):
            tracer.start_span(name, within, start_time=start).end(end)
        span.end(batch.answered)
        return Link(span.get_span_context())


def load_tracing(environ: Mapping[str, str] | None = None) -> Tracing:
    """Return what makes spans: nothing unless it is switched on and its packages are there."""
    environ = os.environ if environ is None else environ
    if not any(environ.get(name) for name in SWITCHES):
        return Tracing(None)
    try:
        return Tracing(_tracer())
    except ModuleNotFoundError as error:
        logger.warning("No spans: expected the packages of tracing, found no %s.", error.name)
        return Tracing(None)


def now() -> int:
    """Return the time as spans count it, in ns since 1970."""
    return time.time_ns()


def _continued(header: str) -> "Context":
    """Return the caller's context; a header that is broken or missing counts as none."""
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({HEADER: header}, Context())


def _tracer() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "review-sentiment"}))
    # Soon, since TorchServe ends its workers without a word.
    processor = BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=500)
    provider.add_span_processor(processor)
    return provider.get_tracer("handler")
