"""Sends one message to a service and classifies its answer: by its error codes if they are known, else by the status.

Imported with the first message, like anymail/transport.py.
"""

import re
from datetime import UTC, datetime
from typing import Any

import orjson
from anymail.exceptions import AnymailAPIError, AnymailConfigurationError, AnymailError
from requests import Response

from channels.providers.anymail.idempotency import put_key, send_with_key
from channels.providers.anymail.services import Service
from channels.providers.anymail.transport import compose
from channels.providers.base import CODE_LENGTH, Message, Outcome, Result, Scope, describe_error, one_line
from channels.providers.http_connections import read_retry_after

# Fields in which services put their error codes and messages.
_CODES = ("ErrorCode", "name", "code", "type")  # Mandrill has a number in “code” and a word in “name”
# Codes of quotas that are used up for longer than a moment, for example Resend's “daily_quota_exceeded”.
_QUOTA = re.compile(r"(daily|monthly)_quota")
QUOTA_PAUSE_SECONDS = 3_600.0
_MESSAGES = ("Message", "message", "ErrorMessage", "error", "detail")
_STATUSES: dict[int, tuple[Outcome, Scope]] = {
    401: (Outcome.PERMANENT, Scope.ACCOUNT),
    402: (Outcome.PERMANENT, Scope.ACCOUNT),
    403: (Outcome.PERMANENT, Scope.ACCOUNT),
    404: (Outcome.PERMANENT, Scope.ACCOUNT),  # wrong URL, or a domain that the account does not have
    405: (Outcome.PERMANENT, Scope.ACCOUNT),
    408: (Outcome.TRANSIENT, Scope.ACCOUNT),  # the request did not arrive whole
    425: (Outcome.TRANSIENT, Scope.ACCOUNT),  # or too early in the connection (RFC 8470 §5.2)
    429: (Outcome.THROTTLED, Scope.ACCOUNT),
    503: (Outcome.TRANSIENT, Scope.ACCOUNT),
}


def send(backend: Any, service: Service, message: Message) -> Result:
    """Send one message. Raises NotSentError, and any other error if the service may have taken the message."""
    return send_with_key(service, lambda: _send_once(backend, service, message))


def _send_once(backend: Any, service: Service, message: Message) -> Result:
    try:
        email = compose(service, message)
        payload = backend.build_message_payload(email, backend.send_defaults)
        put_key(service, payload, message)
        response = backend.post_to_esp(payload, email)
        statuses = backend.parse_recipient_status(response, payload, email)
    except AnymailAPIError as refused:
        if refused.response is None:
            raise
        return judge(service, refused.response)
    except (AnymailError, AnymailConfigurationError) as error:
        # Raised before the request was sent.
        return Result(Outcome.PERMANENT, detail=describe_error(error), scope=Scope.CONTENT)
    status = next(iter(statuses.values()), None)
    return _read_status(service, response, getattr(status, "status", None), getattr(status, "message_id", None))


def judge(service: Service, response: Response) -> Result:
    """Classify an answer that Anymail did not accept as a success."""
    code, message = _read_error(response)
    outcome, scope = _meaning(service, response.status_code, f"{code} {message} {response.text}")
    pause = read_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    return Result(
        outcome,
        code=(code or str(response.status_code))[:CODE_LENGTH],
        detail=one_line(message or f"HTTP {response.status_code}"),
        scope=scope,
        retry_after_seconds=_pause_seconds(outcome, code, pause),
    )


def _pause_seconds(outcome: Outcome, code: str, asked_for: float | None) -> float | None:
    """Return the pause: what Retry-After asks for, and an hour at a time for a quota of a day or a month."""
    if outcome is not Outcome.THROTTLED:
        return None
    return QUOTA_PAUSE_SECONDS if asked_for is None and _QUOTA.search(code) else asked_for


def _meaning(service: Service, status: int, text: str) -> tuple[Outcome, Scope]:
    for pattern, outcome, scope in service.refusals:
        if re.search(pattern, text, re.DOTALL):
            return outcome, scope
    if status in _STATUSES:
        return _STATUSES[status]
    if 300 <= status < 400:
        return Outcome.PERMANENT, Scope.ACCOUNT  # a redirect: “baseUrl” is wrong
    if 400 <= status < 500:
        return Outcome.PERMANENT, Scope.CONTENT
    return Outcome.UNKNOWN, Scope.ACCOUNT  # 5xx, or a 2xx in an unknown form: may have been taken


def _read_status(service: Service, response: Response, status: str | None, message_id: str | None) -> Result:
    """Classify Anymail's status of the one recipient (anymail.message.ANYMAIL_STATUSES)."""
    code, is_refusal = str(response.status_code), response.status_code >= 400
    if status in ("queued", "sent") or (status == "unknown" and not is_refusal):
        return Result(Outcome.ACCEPTED, message_id or "", code, status)
    error_code, message = _read_error(response)
    if status in ("invalid", "rejected") or (status == "unknown" and is_refusal):
        detail = one_line(message or f"The service reports the recipient as {status}.")
        return Result(
            Outcome.PERMANENT, code=(error_code or status)[:CODE_LENGTH], detail=detail, scope=Scope.RECIPIENT
        )
    if status == "failed":
        if is_refusal:
            return judge(service, response)
        code = (error_code or status)[:CODE_LENGTH]
        detail = one_line(message or "The service could not send the message.")
        return Result(Outcome.PERMANENT, code=code, detail=detail, scope=Scope.CONTENT)
    return Result(Outcome.UNKNOWN, code=code, detail="The service did not report a status.")


def _read_error(response: Response) -> tuple[str, str]:
    """Return (code, message) of an error in one of the usual forms; "" and the body if it has none of them."""
    try:
        body = orjson.loads(response.content)
    except ValueError:
        body = None
    forms = [form for form in _forms(body) if isinstance(form, dict)]
    codes = [form[name] for form in forms for name in _CODES if isinstance(form.get(name), str | int)]
    messages = [form[name] for form in forms for name in _MESSAGES if isinstance(form.get(name), str)]
    return str(next(iter(codes), "")), next(filter(None, messages), response.text)


def _forms(body: Any) -> list[Any]:
    """Return where an error may be: at the top, in `data` (Postal), or first in a list (SparkPost, Mailjet)."""
    forms = [body]
    for name in ("data", "errors", "Messages", "Errors"):
        inner = forms[-1].get(name) if isinstance(forms[-1], dict) else None
        if inner:
            forms.append(inner[0] if isinstance(inner, list) else inner)
    return forms
