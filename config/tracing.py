"""Traces by OpenTelemetry, for installations that set OTEL_EXPORTER_OTLP_ENDPOINT (needs the dependency group `otel`).

All other settings are OpenTelemetry's own: OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS….
"""

import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, Literal

import structlog
from celery import Task
from celery.signals import task_postrun, task_prerun
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from distributor.engine.infrastructure import tracing

logger = structlog.get_logger(__name__)

# The form of the W3C. What else a caller sends is ignored, and a new trace begins.
_TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
# Asked by machines every few seconds: of no interest to anybody.
_PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_SQL_LENGTH: Final = 1_000
_FIRST_WORD: Final = re.compile(r"\w+")


def is_wanted() -> bool:
    """Return whether the environment asks for traces."""
    of_traces = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
    endpoint = of_traces or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return bool(endpoint) and not is_off and os.environ.get("OTEL_TRACES_EXPORTER", "otlp") in ("", "otlp")


def start_tracing(process: Literal["web", "worker"]) -> None:
    """Trace this process if the environment asks for it. Without the dependency group, say so and go on."""
    if not is_wanted():
        return
    try:
        from config.otel import make_tracer  # only now: it imports OpenTelemetry
    except ImportError as error:
        logger.warning("tracing_not_installed", error=str(error))
        return
    trace_with(make_tracer(process))


def trace_with(tracer: tracing.Tracer | None) -> None:
    """Trace this process with a tracer; with None, no more."""
    tracing.set_tracer(tracer)
    if tracer is None:
        connection_created.disconnect(_watch_connection)
        task_prerun.disconnect(_begin_task)
        task_postrun.disconnect(_end_task)
        return
    connection_created.connect(_watch_connection)
    task_prerun.connect(_begin_task)
    task_postrun.connect(_end_task)


class TracingMiddleware:
    """A span for each request, named by its route, because paths may hold codes. Continues a caller's traceparent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not tracing.is_tracing() or request.path in _PROBES:
            return self.get_response(request)
        given = request.headers.get("traceparent", "")
        parent = given if _TRACEPARENT.fullmatch(given) else ""
        method = str(request.method)
        with tracing.span(method, "server", parent=parent, http__request__method=method) as span:
            response = self.get_response(request)
            route = request.resolver_match.route if request.resolver_match else ""
            span.rename(f"{method} /{route.lstrip('^')}")
            span.set(http__route=route, http__response__status_code=response.status_code)
            span.set(distributor__request_id=request.META.get("HTTP_X_REQUEST_ID", ""))
            if response.status_code >= 500:
                span.fail(str(response.status_code))
            return response


def _watch_connection(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _trace_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_trace_statement)


def _trace_statement(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Measure a statement that is a part of something. Its text has placeholders where the values are."""
    if not tracing.traceparent():
        return execute(sql, params, many, context)
    text = str(sql).strip()
    word = _FIRST_WORD.search(text)
    name = word.group().upper() if word else "SQL"
    with tracing.span(name, "client", db__system__name="postgresql", db__query__text=text[:_SQL_LENGTH]):
        return execute(sql, params, many, context)


# Tasks of this process that run, by their ids. Each process runs few at a time.
_running: Final[dict[str, tuple[AbstractContextManager[tracing.Span], tracing.Span]]] = {}


def _begin_task(task_id: str, task: Task[Any, Any], **_: Any) -> None:
    """Measure a task. Those that beat wakes every few seconds are left out: they would be nearly all traces."""
    if task.name in {entry["task"] for entry in task.app.conf.beat_schedule.values()}:
        return
    measured = tracing.span(f"run {task.name}", "consumer", messaging__system="celery")
    _running[task_id] = measured, measured.__enter__()


def _end_task(task_id: str, retval: Any = None, **_: Any) -> None:
    """End a task's span. Celery gives the exception of one that failed as what it returned; its text is left out."""
    if task_id not in _running:
        return
    measured, span = _running.pop(task_id)
    if isinstance(retval, BaseException):
        span.set(error__type=type(retval).__name__)
        span.fail(type(retval).__name__)
    measured.__exit__(None, None, None)
