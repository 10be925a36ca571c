"""Verifies Twilio's webhooks, and translates status callbacks and inbound messages.

The signature is an HMAC-SHA1 of the URL that Twilio called and the sorted form fields, with the account's auth token
(https://www.twilio.com/docs/usage/security). The URL is our public one. It may or may not contain the default port, so
both spellings are tried. The URL contains the SHA-256 of a JSON body.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from channels.events import Event, EventKind, ForgedWebhookError, Webhook, WebhookAnswer, keep_fields
from channels.inbound_words import Request, read_request
from channels.providers.base import Account, Outcome, Scope
from channels.providers.twilio.codes import CODES
from contacts.phone_numbers import normalize_phone

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
MAX_FIELDS = 200
_FORM = "application/x-www-form-urlencoded"
_DEFAULT_PORTS = {"https": 443, "http": 80}

# What inbound messages ask for. HELP is in _inbound_kind().
_REQUESTS = {Request.STOP: EventKind.STOPPED, Request.START: EventKind.STARTED}

# Not stored: From (the event's address), ProfileName, WaId, and where Twilio believes the person to be. `To` of an
# inbound text is our number; `Body` may be longer than the event's detail.
KEPT_FIELDS = frozenset(
    {
        *("MessageSid", "SmsSid", "MessageStatus", "SmsStatus", "ErrorCode", "EventType", "ChannelPrefix"),
        *("OptOutType", "Body", "To", "NumMedia", "NumSegments", "MessagingServiceSid", "AccountSid", "ApiVersion"),
    }
)

_STATUSES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), EventKind.SENT),
    **dict.fromkeys(("delivered", "partially_delivered"), EventKind.DELIVERED),
    "read": EventKind.OPENED,
    "canceled": EventKind.FAILED,
}
_FAILURES = {"undelivered": EventKind.SOFT_BOUNCED, "failed": EventKind.FAILED}


def read_webhook(account: Account, webhook: Webhook, now: datetime) -> WebhookAnswer:
    """Return a request's events, and empty TwiML, which sends no reply. Raises ForgedWebhookError."""
    form = _verify(account.credentials.get("auth_token", ""), webhook)
    if not form and not webhook.body:  # a number whose console setting says GET: the fields are in the signed URL
        form = _read_query(webhook.url)
    # PostgreSQL cannot store NUL, not even in JSON.
    fields = {name.replace("\0", ""): values[-1].replace("\0", "") for name, values in form.items()}
    events = tuple(_events(account, fields, _attempt_id(account, webhook.url), now))
    return WebhookAnswer(events, EMPTY_TWIML, "text/xml", _help_twiml(account))


def status_callback_url(account: Account, attempt_id: str) -> str:
    """Return the URL for status reports of one attempt. It is signed, so its id can be trusted."""
    return f"{account.webhook_url}/{quote(attempt_id, safe='')}"


def _attempt_id(account: Account, url: str) -> str:
    """Return the id from status_callback_url(); "" for any other URL, for example a Messaging Service's."""
    path, start = url.partition("?")[0], f"{account.webhook_url}/"
    return unquote(path.removeprefix(start)) if account.webhook_url and path.startswith(start) else ""


def sign(auth_token: str, url: str, form: Mapping[str, list[str]]) -> str:
    """Return the signature of a URL and its form fields. If a field is repeated, each distinct value counts once."""
    fields = "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    return b64encode(hmac.digest(auth_token.encode(), (url + fields).encode("utf-8", "replace"), "sha1")).decode()


def _verify(auth_token: str, webhook: Webhook) -> dict[str, list[str]]:
    """Return the form fields of a request that Twilio signed; {} for another kind of body."""
    signature = webhook.headers.get("x-twilio-signature")
    if not auth_token or not isinstance(signature, str) or not signature:
        raise ForgedWebhookError("the signature or the account's auth_token is missing")
    form = _read_form(webhook)
    shown = signature.encode("utf-8", "replace")
    if not any(hmac.compare_digest(sign(auth_token, url, form).encode(), shown) for url in _spellings(webhook.url)):
        raise ForgedWebhookError("the signature is wrong")
    return form


def _read_form(webhook: Webhook) -> dict[str, list[str]]:
    """Return the fields of a form, which the signature covers; check another body against its hash in the URL."""
    try:
        if webhook.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
            text = webhook.body.decode()
            return parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
        hashes = parse_qs(urlsplit(webhook.url).query, max_num_fields=MAX_FIELDS).get("bodySHA256", [""])
    except ValueError as error:
        raise ForgedWebhookError("the body is malformed") from error
    if webhook.body and not hmac.compare_digest(sha256(webhook.body).hexdigest().encode(), hashes[0].encode()):
        raise ForgedWebhookError("the body does not match its hash")
    return {}


def _read_query(url: str) -> dict[str, list[str]]:
    try:
        return parse_qs(urlsplit(url).query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}


def _spellings(url: str) -> list[str]:
    """Return the URL as it is, and with the default port added or its port removed."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return [url]
    if port is not None:
        netloc = parts.netloc.rpartition(":")[0]
    elif parts.scheme in _DEFAULT_PORTS:
        netloc = f"{parts.netloc}:{_DEFAULT_PORTS[parts.scheme]}"
    else:
        return [url]
    # By position, because splitting and joining a URL can change the spelling of the rest.
    start = len(parts.scheme) + len("://")
    return [url, url[:start] + netloc + url[start + len(parts.netloc) :]]


def _events(account: Account, fields: Mapping[str, str], attempt_id: str, now: datetime) -> Iterator[Event]:
    sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
    status = (fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()
    if not sid:
        return
    if status == "received" or (not status and "Body" in fields):
        kind = _inbound_kind(account, fields)
        if kind is None:
            return
        yield Event(
            event_id=f"{sid}:{kind}",
            kind=kind,
            occurred_at=now,
            address=address_of(fields.get("From", "")),
            provider_message_id=sid,
            detail=fields.get("Body", ""),
            raw=keep_fields(fields, KEPT_FIELDS),
        )
        return
    kinds = [_STATUSES[status]] if status in _STATUSES else _failure_kinds(status, fields.get("ErrorCode", ""))
    for kind in kinds:
        yield Event(
            event_id=f"{sid}:{status}" if kind is not EventKind.STOPPED else f"{sid}:{kind}",
            kind=kind,
            occurred_at=now,
            attempt_id=attempt_id,
            address=address_of(fields.get("To", "")),
            provider_message_id=sid,
            code=fields.get("ErrorCode", ""),
            detail=fields.get("ErrorMessage") or fields.get("ChannelStatusMessage") or "",
            raw=keep_fields(fields, KEPT_FIELDS - {"To", "Body"}),
        )


def _help_twiml(account: Account) -> str:
    """Return the answer that sends the help text, from the number that was written to; without one, sends nothing."""
    text = account.configuration.get("helpText")
    if not text:
        return EMPTY_TWIML
    return EMPTY_TWIML.replace("<Response/>", f"<Response><Message>{escape(text)}</Message></Response>")


def _inbound_kind(account: Account, fields: Mapping[str, str]) -> EventKind | None:
    """Return what a person's message is; None for a HELP that Twilio answers.

    With `OptOutType` Advanced Opt-Out has answered already. Without a help text Twilio's standard answer is enough.
    """
    request = _request(fields)
    if request is Request.HELP:
        is_ours = account.configuration.get("helpText") and not fields.get("OptOutType")
        return EventKind.ASKED_HELP if is_ours else None
    # What is not understood is kept as a reply, for operators to read.
    return _REQUESTS[request] if request else EventKind.REPLIED


def _request(fields: Mapping[str, str]) -> Request | None:
    """Return what an inbound message asks for. Twilio's Advanced Opt-Out says it; otherwise its words do."""
    return read_request(fields.get("OptOutType", "")) or read_request(fields.get("Body", ""))


def _failure_kinds(status: str, code: str) -> list[EventKind]:
    """Return the events of a failed message: for 21610 also STOPPED, for an unknown status none."""
    if status not in _FAILURES:
        return []
    meaning = CODES.get(int(code)) if code.isdecimal() else None
    if meaning is None:
        return [_FAILURES[status]]
    if meaning.opted_out:
        return [EventKind.FAILED, EventKind.STOPPED]
    if meaning.outcome is not Outcome.PERMANENT:
        return [EventKind.SOFT_BOUNCED]
    return [EventKind.HARD_BOUNCED if meaning.scope is Scope.RECIPIENT else EventKind.FAILED]


def address_of(party: str) -> str:
    """Return the number of `whatsapp:+48…`; what is not a number (`whatsapp:US.1234`) stays unchanged."""
    return normalize_phone(party.removeprefix("whatsapp:")) or party
