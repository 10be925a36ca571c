"""OpenTelemetry behind distributor/engine/infrastructure/tracing.py. Imported only if the environment wants traces."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from distributor.engine.infrastructure.tracing import Span, SpanKind

Attributes = dict[str, str | int | float]
_KINDS: Final = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "consumer": trace.SpanKind.CONSUMER,
}
_propagator: Final = TraceContextTextMapPropagator()


class OpenTelemetrySpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def set(self, **attributes: str | int | float) -> None:
        self._span.set_attributes(_dotted(attributes))

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def fail(self, reason: str) -> None:
        self._span.set_status(trace.StatusCode.ERROR, reason)


class OpenTelemetryTracer:
    """Traces to a provider of OpenTelemetry. An exception's message is not recorded: it may quote people's data."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("distributor")

    def span(self, name: str, kind: SpanKind, parent: str, attributes: Attributes) -> AbstractContextManager[Span]:
        return self._span(name, kind, parent, attributes)

    @contextmanager
    def _span(self, name: str, kind: SpanKind, parent: str, attributes: Attributes) -> Iterator[Span]:
        # With a parent of another process, the trace that runs here is linked, not continued.
        context = _propagator.extract({"traceparent": parent}) if parent else None
        here = trace.get_current_span().get_span_context()
        links = [trace.Link(here)] if parent and here.is_valid else []
        with self._tracer.start_as_current_span(
            name,
            context,
            _KINDS[kind],
            _dotted(attributes),
            links,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            own = OpenTelemetrySpan(span)
            try:
                yield own
            except Exception as error:
                own.set(error__type=type(error).__name__)
                own.fail(type(error).__name__)
                raise

    def traceparent(self) -> str:
        carrier: dict[str, str] = {}
        if trace.get_current_span().is_recording():
            _propagator.inject(carrier)
        return carrier.get("traceparent", "")


def make_tracer(process: str, exporter: SpanExporter | None = None) -> OpenTelemetryTracer:
    """Return a tracer that sends spans in the background, as OpenTelemetry's own variables say."""
    name = os.environ.get("OTEL_SERVICE_NAME", "") or f"distributor-{process}"
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
    return OpenTelemetryTracer(provider)


def _dotted(attributes: Attributes) -> Attributes:
    return {name.replace("__", "."): value for name, value in attributes.items()}
