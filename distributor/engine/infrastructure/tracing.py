"""Traces: where a call's time went, from the request to the provider. Off unless config/tracing.py has set a tracer.

Off, a span costs a comparison, and OpenTelemetry is not imported. Spans carry no data of people and no paths: routes,
statements without their parameters, providers, counts.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Final, Literal, Protocol

SpanKind = Literal["internal", "server", "client", "consumer"]


class Span(Protocol):
    """A piece of work that is measured."""

    def set(self, **attributes: str | int | float) -> None:
        """Add attributes. In their names, two underscores stand for a dot: `http__route` is `http.route`."""

    def rename(self, name: str) -> None: ...

    def fail(self, reason: str) -> None: ...


class _NoSpan:
    def set(self, **attributes: str | int | float) -> None:
        pass

    def rename(self, name: str) -> None:
        pass

    def fail(self, reason: str) -> None:
        pass


class Tracer(Protocol):
    """What config/otel.py does. `traceparent` is of the W3C: `00-{trace id}-{span id}-01`."""

    def span(
        self, name: str, kind: SpanKind, parent: str, attributes: dict[str, str | int | float]
    ) -> AbstractContextManager[Span]: ...

    def traceparent(self) -> str:
        """Return the current span's; "" if nothing is recorded now."""
        ...


_NO_SPAN: Final[AbstractContextManager[Span]] = nullcontext(_NoSpan())
_tracer: Tracer | None = None


def set_tracer(tracer: Tracer | None) -> None:
    """Trace from now on, in this process; with None, no more."""
    global _tracer
    _tracer = tracer


def is_tracing() -> bool:
    return _tracer is not None


def span(
    name: str, kind: SpanKind = "internal", *, parent: str = "", **attributes: str | int | float
) -> AbstractContextManager[Span]:
    """Measure a piece of work, as a part of the current one or of `parent`, a traceparent. An exception fails it."""
    return _NO_SPAN if _tracer is None else _tracer.span(name, kind, parent, attributes)


def traceparent() -> str:
    """Return what names the current span in another process; "" without one."""
    return "" if _tracer is None else _tracer.traceparent()


def trace_id_of(parent: str) -> str:
    """Return the trace id, 32 hexadecimal digits, of a traceparent; "" of an empty one."""
    return parent.split("-")[1] if parent.count("-") == 3 else ""
