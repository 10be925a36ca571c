"""How a request to an endpoint is written: as Standard Webhooks, or as the API by which the endpoint was made.

A dialect that has a format of its own writes it itself: settings.EVENT_FORMATS names its module, which has `TYPES`, the
types of events that the format has words for, and `write`.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, Final, NamedTuple

from django.conf import settings

from channels.credentials import UnreadableCredentials
from distributor.engine.events.messages import Message
from distributor.engine.events.signature import sign, valid_secrets
from distributor.models import EventEndpoint
from distributor.models.event_endpoint import STANDARD_FORMAT

_USER_AGENT: Final = "Distributor-Events/1"


class Request(NamedTuple):
    """The body and the headers of a request."""

    body: bytes
    headers: dict[str, str]


class UnsignableError(Exception):
    """The endpoint's secret cannot be read."""


def write_request(endpoint: EventEndpoint, message: Message, now: datetime) -> Request:
    """Write a request to an endpoint, loaded with its organisation. Raises UnsignableError."""
    if isinstance(endpoint.secrets, UnreadableCredentials):
        raise UnsignableError
    if endpoint.format == STANDARD_FORMAT:
        request = _write_standard(message, valid_secrets(endpoint.secrets, now), now)
    else:
        request = _module_of(endpoint).write(endpoint, message, now)
    return Request(request.body, {**endpoint.headers, "user-agent": _USER_AGENT, **request.headers})


def told_types(endpoint: EventEndpoint, types: Sequence[str]) -> Sequence[str]:
    """Return the types of events to send of those that were chosen: a format of its own has words for its own alone."""
    if endpoint.format == STANDARD_FORMAT:
        return types
    own_types: Sequence[str] = _module_of(endpoint).TYPES
    return own_types


def _module_of(endpoint: EventEndpoint) -> Any:
    return import_module(settings.EVENT_FORMATS[endpoint.format])


def _write_standard(message: Message, secrets: Sequence[str], now: datetime) -> Request:
    if not secrets:
        raise UnsignableError
    body = message.body(now)
    signed = sign(message.message_id, int(time.time()), body, list(secrets))
    return Request(body, {"content-type": "application/json", **signed})
