"""Logging: one line per event with key=value pairs, and the request's id in web and worker."""

import os
import re
import sys
from typing import Any

import structlog

_JSON = os.environ.get("LOG_FORMAT") == "json"
# A link's code opens the link, so logs must not contain it. Not even a part: four characters and the time of a response
# identify a person, and a response through an anonymous link must stay anonymous. Links that set a password are masked,
# too.
_CODE = re.compile(r"(/(?:p|u|links)/+|/set-password/[^/]+/+)[^/?]+")


def _mask_codes(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if isinstance(request := event.get("request"), str):
        event["request"] = _CODE.sub(r"\1…", request)
    return event


def _drop_probes(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Drop the health checks of a load balancer, which come every second."""
    if str(event.get("request", "")).endswith(("/readyz", "/healthz")):
        raise structlog.DropEvent
    return event


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    _mask_codes,
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
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _RENDERER],
            "foreign_pre_chain": _SHARED,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
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
        structlog.processors.format_exc_info if _JSON else structlog.processors.UnicodeDecoder(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
