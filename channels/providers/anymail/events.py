"""Verifies the services' webhooks and translates their events, by Anymail's webhook views."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from django.core.handlers.wsgi import WSGIRequest

from channels.events import Event, EventKind, ForgedWebhookError, Webhook, is_recent
from channels.providers.anymail.services import TAG_PREFIX, Service
from channels.providers.base import CODE_LENGTH, Account, one_line

_KINDS = {
    "queued": EventKind.SENT,
    "sent": EventKind.SENT,
    "delivered": EventKind.DELIVERED,
    "opened": EventKind.OPENED,
    "clicked": EventKind.CLICKED,
    "deferred": EventKind.DELAYED,
    "bounced": EventKind.SOFT_BOUNCED,
    "failed": EventKind.FAILED,
    "rejected": EventKind.FAILED,
    "complained": EventKind.COMPLAINED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
}
# A service rejects a message because of earlier events of the address.
_REJECTIONS = {
    "invalid": EventKind.HARD_BOUNCED,
    "spam": EventKind.COMPLAINED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
}


def read_events(service: Service, account: Account, webhook: Webhook, now: datetime) -> tuple[Event, ...]:
    """Return the events of a webhook, in the service's order. Raises ForgedWebhookError."""
    view, request = _open_view(service, account, webhook), _request(webhook)
    try:
        view.run_validators(request)
    except Exception as error:
        # Not only Anymail's own errors: malformed keys and signatures fail in many ways.
        raise ForgedWebhookError("the signature or the password is wrong") from error
    if service.signed_at and not _is_signed_recently(service, webhook.body, now):
        # The signature does not cover the event, so an old one could be attached to any event.
        raise ForgedWebhookError("signed at another time")
    try:
        reports = view.parse_events(request)
    except Exception:
        # The sender is verified: this is a form that Anymail does not know, or an event of another webhook.
        return ()
    events = (_read_event(service, report, now) for report in reports)
    return tuple(event for event in events if event is not None)


def _open_view(service: Service, account: Account, webhook: Webhook) -> Any:
    """Return the service's webhook view with this account's secrets, and nothing from Django's settings."""
    credential = "api_key" if service.proof == "api_key" else "webhook_secret"
    secret = account.credentials.get(credential)
    if service.proof is None or not secret:
        raise ForgedWebhookError(f"the account has no {credential}")
    settings: dict[str, Any] = {"webhook_secret": [], service.proof: secret}
    if service.proof == "webhook_key" and service.module == "mandrill":
        settings["webhook_url"] = webhook.url
    try:
        return getattr(import_module(f"anymail.webhooks.{service.module}"), service.webhook_view)(**settings)
    except (ValueError, TypeError) as error:
        raise ForgedWebhookError(f"the {credential} is malformed") from error


def _is_signed_recently(service: Service, body: bytes, now: datetime) -> bool:
    try:
        signed_at = datetime.fromtimestamp(float(_look_up(json.loads(body), service.signed_at)), UTC)
    except (TypeError, ValueError, OverflowError, OSError, RecursionError):
        return False
    return is_recent(signed_at, now)


def _request(webhook: Webhook) -> WSGIRequest:
    """Return the request as Django would pass it to a view."""
    parts = urlsplit(webhook.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "CONTENT_LENGTH": str(len(webhook.body)),
        "wsgi.input": BytesIO(webhook.body),
        "wsgi.url_scheme": parts.scheme,
    }
    for name, value in webhook.headers.items():
        key = name.upper().replace("-", "_")
        if key != "CONTENT_LENGTH":
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    request = WSGIRequest(environ)
    request._body = webhook.body  # skips Django's length limit: our view has checked the length
    return request


def _read_event(service: Service, report: Any, now: datetime) -> Event | None:
    raw = _raw(report.esp_event)
    kind = _kind_of(service, report, raw)
    if kind is None:
        return None
    event_id = str(report.event_id) if report.event_id and service.has_event_ids else _fingerprint(raw)
    return Event(
        event_id=f"{kind}:{event_id}",
        kind=kind,
        occurred_at=_aware(report.timestamp) or now,
        attempt_id=_attempt_id(report),
        address=str(report.recipient or "").lower(),
        provider_message_id=str(report.message_id or ""),
        code=str(report.reject_reason or "")[:CODE_LENGTH],
        detail=one_line(str(report.mta_response or report.description or "")),
        # The services' own reports differ, and name IP addresses, places and browsers of people who open a message.
        raw={"type": str(report.event_type), "reject_reason": str(report.reject_reason or "")},
    )


def _kind_of(service: Service, report: Any, raw: Mapping[str, Any]) -> EventKind | None:
    kind = _KINDS.get(report.event_type)
    if report.event_type in ("bounced", "rejected") and _is_hard(service, raw):
        return EventKind.HARD_BOUNCED
    if report.event_type == "rejected":
        return _REJECTIONS.get(report.reject_reason, kind)
    return kind


def _is_hard(service: Service, raw: Mapping[str, Any]) -> bool:
    """Whether the service reports that the address does not exist."""
    found = ((_look_up(raw, path), values) for path, values in service.hard_bounces)
    return any(isinstance(value, str | bool) and value in values for value, values in found)


def _look_up(value: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path of keys, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _attempt_id(report: Any) -> str:
    metadata = report.metadata if isinstance(report.metadata, Mapping) else {}
    attempt_id = metadata.get("attempt_id")
    if isinstance(attempt_id, str):
        return attempt_id
    all_tags = report.tags if isinstance(report.tags, list) else []
    tags = [tag for tag in all_tags if isinstance(tag, str) and tag.startswith(TAG_PREFIX)]
    return tags[0].removeprefix(TAG_PREFIX) if tags else ""


def _raw(esp_event: Any) -> dict[str, Any]:
    """Return the service's own event, JSON or a form, as a plain dictionary."""
    return dict(esp_event.items()) if hasattr(esp_event, "items") else {}


def _fingerprint(raw: Mapping[str, Any]) -> str:
    """Return a hash that is the same for each delivery of an event, whose signatures differ."""
    lasting = {name: value for name, value in raw.items() if name != "signature"}
    # The standard library's JSON, because a form may contain numbers and characters that orjson refuses.
    return sha256(json.dumps(lasting, sort_keys=True, default=str).encode()).hexdigest()


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None
