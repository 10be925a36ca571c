"""Logging: one line per event with key=value pairs, and the request's id in web and worker."""

import os
import re
import sys
from typing import Any

import structlog

from distributor.engine.infrastructure import tracing

_JSON = os.environ.get("LOG_FORMAT") == "json"
_LEVEL = os.environ.get("LOG_LEVEL", "INFO")
# A link's code opens the link, so logs must not contain it. Not even a part: four characters and the time of a response
# identify a person, and a response through an anonymous link must stay anonymous. Links that set a password are masked,
# too.
_CODE = re.compile(r"(/(?:p|u|links)/+|/set-password/[^/]+/+)[^/?]+")


# The values of a query may be addresses, names or ids of people: ?email=ann@example.com. Their names may stay.
_QUERY = re.compile(r"[?&]([\w.-]{0,40})(?:[^&]*)")
_EMAIL = re.compile(r"[^\s\"'<>()\[\]{}=,;:|\\/?&]+(?:@|%40)[^\s\"'<>()\[\]{}=,;:|\\/?&]+")
_NUMBER = re.compile(r"(?:\+|%2[Bb])\d[\d ().-]{5,}\d")
# PostgreSQL quotes whole rows there: “Failing row contains (…, Ann, Ono, …)”.
_QUOTED_BY_POSTGRES = re.compile(r"\b(DETAIL|CONTEXT):(?:(?!\\n).)*")
# Senders are the organisation's, and an operator has to know which one is refused.
_NOT_OF_PEOPLE = {"sender", "timestamp", "level", "logger", "request_id", "trace_id"}


def _mask_request(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if isinstance(request := event.get("request"), str):
        path, mark, query = _CODE.sub(r"\1…", request).partition("?")
        names = [name for name in _QUERY.findall(mark + query) if name]
        event["request"] = path + ("?" + "&".join(f"{name}=…" for name in names) if query else mark)
    return event


def mask_people(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace addresses and phone numbers in every value, also in tracebacks: those of errors quote their input."""
    return {name: value if name in _NOT_OF_PEOPLE else _masked(value) for name, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        text = _QUOTED_BY_POSTGRES.sub(r"\1: […]", value) if "DETAIL:" in value or "CONTEXT:" in value else value
        text = _EMAIL.sub("[address]", text) if "@" in text or "%40" in text else text
        return _NUMBER.sub("[number]", text) if "+" in text or "%2" in text else text
    if isinstance(value, dict):
        return {_masked(name): _masked(item) for name, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list | tuple) else value


def _drop_probes(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Drop the health checks of a load balancer, which come every second, and the scrapes of a monitoring system."""
    if str(event.get("request", "")).endswith(("/readyz", "/healthz", " /metrics")):
        raise structlog.DropEvent
    return event


def _add_trace_id(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if trace_id := tracing.trace_id_of(tracing.traceparent()):
        event["trace_id"] = trace_id
    return event


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    _add_trace_id,
    _mask_request,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    # Off where another program adds the time, as `make run` does.
    *([] if os.environ.get("LOG_TIME") == "off" else [structlog.processors.TimeStamper(fmt="iso")]),
    structlog.processors.StackInfoRenderer(),
]
_RENDERER: structlog.typing.Processor = (
    structlog.processors.JSONRenderer()
    if _JSON
    else structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty() or bool(os.environ.get("FORCE_COLOR")),
        # Without local variables, because they contain names and addresses of people.
        exception_formatter=structlog.dev.plain_traceback,
    )
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,  # before the renderer does it, so that tracebacks are masked, too
                mask_people,
                _RENDERER,
            ],
            "foreign_pre_chain": _SHARED,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": _LEVEL},
    "loggers": {
        # django-structlog logs how each request ended; Django would log it again.
        "django.request": {"level": "CRITICAL"},
        # It names addresses; we log failed logins ourselves (sign_in/throttling.py).
        "axes": {"level": "CRITICAL"},
        # Celery logs each task's receipt and success at INFO; a wake-up every second would hide other lines.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "django_structlog.celery": {"level": "WARNING"},
    },
}

structlog.configure(
    processors=[
        _drop_probes,
        *_SHARED,
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    # Without it, a line that nobody reads is made in full before it is dropped: one in every request.
    wrapper_class=structlog.make_filtering_bound_logger(_LEVEL),
    cache_logger_on_first_use=True,
)
