"""What the services tell, verified and read by Anymail's webhook views, in our vocabulary."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from django.core.handlers.wsgi import WSGIRequest

from channels.events import Event, EventKind, ForgedWebhookError, Webhook
from channels.providers.anymail.services import TAG_PREFIX, Service
from channels.providers.base import Account
from channels.rendering import encode_subject

# Services try again for up to a day, and their clocks and ours may differ.
AGE_MAX = timedelta(hours=25)
AHEAD_MAX = timedelta(minutes=5)
CODE_LENGTH = 63
DETAIL_LENGTH = 500

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
# Why a service did not even try: what this address did before.
_REJECTIONS = {
    "invalid": EventKind.HARD_BOUNCED,
    "spam": EventKind.COMPLAINED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
}


def read_events(service: Service, account: Account, webhook: Webhook, now: datetime) -> tuple[Event, ...]:
    """What the service tells, in its order. Raises ForgedWebhook."""
    view, request = _open_view(service, account, webhook), _request(webhook)
    try:
        view.run_validators(request)
    except Exception as error:
        # Not only Anymail's own: keys and signatures that are none fail in many ways.
        raise ForgedWebhookError("the signature or the password is wrong") from error
    if service.signed_at and not _is_signed_lately(service, webhook.body, now):
        # A signature once seen would do for any event.
        raise ForgedWebhookError("signed at another time")
    try:
        told = view.parse_events(request)
    except Exception:
        # Its sender is known: a form that Anymail does not understand, or one of another webhook, tells nothing.
        return ()
    events = (_read_event(service, event, now) for event in told)
    return tuple(event for event in events if event is not None)


def _open_view(service: Service, account: Account, webhook: Webhook) -> Any:
    """The service's webhook view with this account's secrets and none of Django's settings."""
    credential = "api_key" if service.proof == "api_key" else "webhook_secret"
    secret = account.credentials.get(credential)
    if service.proof is None or not secret:
        raise ForgedWebhookError(f"there is no {credential} to check it with")
    settings: dict[str, Any] = {"webhook_secret": [], service.proof: secret}
    if service.proof == "webhook_key" and service.module == "mandrill":
        settings["webhook_url"] = webhook.url
    try:
        return getattr(import_module(f"anymail.webhooks.{service.module}"), service.webhook_view)(**settings)
    except (ValueError, TypeError) as error:
        raise ForgedWebhookError(f"the {credential} is none") from error


def _is_signed_lately(service: Service, body: bytes, now: datetime) -> bool:
    try:
        moment = datetime.fromtimestamp(float(_look_up(json.loads(body), service.signed_at)), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return False
    return now - AGE_MAX <= moment <= now + AHEAD_MAX


def _request(webhook: Webhook) -> WSGIRequest:
    """The request as Django would show it to a view."""
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
    request._body = webhook.body  # its length is the route's business
    return request


def _read_event(service: Service, told: Any, now: datetime) -> Event | None:
    raw = _raw(told.esp_event)
    kind = _kind_of(service, told, raw)
    if kind is None:
        return None
    own_id = str(told.event_id) if told.event_id and service.has_event_ids else _fingerprint(raw)
    return Event(
        event_id=f"{kind}:{own_id}",
        kind=kind,
        occurred_at=_aware(told.timestamp) or now,
        attempt_id=_attempt_id(told),
        address=str(told.recipient or "").lower(),
        provider_message_id=str(told.message_id or ""),
        code=str(told.reject_reason or "")[:CODE_LENGTH],
        detail=encode_subject(str(told.mta_response or told.description or ""))[:DETAIL_LENGTH],
        raw=raw,
    )


def _kind_of(service: Service, told: Any, raw: Mapping[str, Any]) -> EventKind | None:
    kind = _KINDS.get(told.event_type)
    if told.event_type in ("bounced", "rejected") and _is_hard(service, raw):
        return EventKind.HARD_BOUNCED
    if told.event_type == "rejected":
        return _REJECTIONS.get(told.reject_reason, kind)
    return kind


def _is_hard(service: Service, raw: Mapping[str, Any]) -> bool:
    """Whether the service itself says that there is no such address."""
    told = ((_look_up(raw, path), words) for path, words in service.hard_bounces)
    return any(isinstance(value, str | bool) and value in words for value, words in told)


def _look_up(told: Any, path: tuple[str, ...]) -> Any:
    """What stands at the end of a path of names; None where it leads nowhere."""
    for name in path:
        told = told.get(name) if isinstance(told, Mapping) else None
    return told


def _attempt_id(told: Any) -> str:
    metadata = told.metadata if isinstance(told.metadata, Mapping) else {}
    carried = metadata.get("attempt_id")
    if isinstance(carried, str):
        return carried
    listed = told.tags if isinstance(told.tags, list) else []
    tags = [tag for tag in listed if isinstance(tag, str) and tag.startswith(TAG_PREFIX)]
    return tags[0].removeprefix(TAG_PREFIX) if tags else ""


def _raw(esp_event: Any) -> dict[str, Any]:
    """The service's own words as a plain dictionary: JSON's, or a form's."""
    return dict(esp_event.items()) if hasattr(esp_event, "items") else {}


def _fingerprint(raw: Mapping[str, Any]) -> str:
    """The same whenever the same is told; how that telling was signed is no part of it."""
    lasting = {name: value for name, value in raw.items() if name != "signature"}
    # The standard library's JSON: a form may hold numbers and characters that orjson refuses.
    return sha256(json.dumps(lasting, sort_keys=True, default=str).encode()).hexdigest()


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None
