"""One message to a service, and what its answer means: by its own words where they are known, else by its status.

Imported when the first message leaves, like anymail_transport.
"""

import re
from datetime import UTC, datetime
from typing import Any

import orjson
from anymail.exceptions import AnymailAPIError, AnymailConfigurationError, AnymailError
from requests import Response

from channels.providers.anymail.services import Service
from channels.providers.anymail.transport import compose
from channels.providers.base import Message, Outcome, Result, Scope
from channels.providers.http_connections import NotConnected, NotSent, read_retry_after
from channels.rendering import encode_subject

CODE_LENGTH = 63
DETAIL_LENGTH = 500

# Where services put their error codes and their sentences.
_CODES = ("ErrorCode", "name", "code", "type")  # Mandrill has a number in “code”, and a word in “name”
_SENTENCES = ("Message", "message", "ErrorMessage", "error", "detail")
_STATUSES: dict[int, tuple[Outcome, Scope | None]] = {
    401: (Outcome.PERMANENT, Scope.ACCOUNT),
    402: (Outcome.PERMANENT, Scope.ACCOUNT),
    403: (Outcome.PERMANENT, Scope.ACCOUNT),
    404: (Outcome.PERMANENT, Scope.ACCOUNT),  # another address, or a domain that the account does not have
    405: (Outcome.PERMANENT, Scope.ACCOUNT),
    408: (Outcome.TRANSIENT, None),  # the request did not arrive whole
    429: (Outcome.THROTTLED, None),
    503: (Outcome.TRANSIENT, None),
}


def send(backend: Any, service: Service, message: Message) -> tuple[Result, bool]:
    """What became of one message, and whether it would become of all others, too."""
    try:
        email = compose(service, message)
        payload = backend.build_message_payload(email, backend.send_defaults)
        response = backend.post_to_esp(payload, email)
        statuses = backend.parse_recipient_status(response, payload, email)
    except NotSent as failure:
        return Result(Outcome.TRANSIENT, detail=_one_line(str(failure))), isinstance(failure, NotConnected)
    except AnymailAPIError as refused:
        response = refused.response
        result = _unknown(refused) if response is None else judge(service, response)
    except (AnymailError, AnymailConfigurationError) as unsendable:
        # Found while the request was written: none has left.
        result = Result(Outcome.PERMANENT, detail=_one_line(str(unsendable)), scope=Scope.CONTENT)
    except Exception as error:
        # A timeout, a reset, an answer in no known form: the request has left.
        result = _unknown(error)
    else:
        status = next(iter(statuses.values()), None)
        result = _read_status(service, response, getattr(status, "status", None), getattr(status, "message_id", None))
    return result, result.outcome is Outcome.THROTTLED or result.scope is Scope.ACCOUNT


def judge(service: Service, response: Response) -> Result:
    """The meaning of an answer that Anymail could not take for a yes."""
    code, sentence = _read_error(response)
    outcome, scope = _meaning(service, response.status_code, f"{code} {sentence} {response.text}")
    pause = read_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    return Result(
        outcome,
        code=(code or str(response.status_code))[:CODE_LENGTH],
        detail=_one_line(sentence or f"HTTP {response.status_code}"),
        scope=scope,
        retry_after_seconds=pause if outcome is Outcome.THROTTLED else None,
    )


def _meaning(service: Service, status: int, told: str) -> tuple[Outcome, Scope | None]:
    for pattern, outcome, scope in service.refusals:
        if re.search(pattern, told, re.DOTALL):
            return outcome, scope
    if status in _STATUSES:
        return _STATUSES[status]
    if 300 <= status < 400:
        return Outcome.PERMANENT, Scope.ACCOUNT  # the API is elsewhere: “baseUrl” is wrong
    if 400 <= status < 500:
        return Outcome.PERMANENT, Scope.CONTENT
    return Outcome.UNKNOWN, None  # 5xx, and a yes that nobody understands: it may have been taken


def _read_status(service: Service, response: Response, status: str | None, message_id: str | None) -> Result:
    """Anymail's status of the one recipient (anymail.message.ANYMAIL_STATUSES)."""
    code, is_refusal = str(response.status_code), response.status_code >= 400
    if status in ("queued", "sent") or (status == "unknown" and not is_refusal):
        return Result(Outcome.ACCEPTED, message_id or "", code, status)
    told, sentence = _read_error(response)
    if status in ("invalid", "rejected") or (status == "unknown" and is_refusal):
        detail = _one_line(sentence or f"The service calls the recipient {status}.")
        return Result(Outcome.PERMANENT, code=(told or status)[:CODE_LENGTH], detail=detail, scope=Scope.RECIPIENT)
    if status == "failed":
        if is_refusal:
            return judge(service, response)
        detail = _one_line(sentence or "The service could not send it.")
        return Result(Outcome.PERMANENT, code=(told or status)[:CODE_LENGTH], detail=detail, scope=Scope.CONTENT)
    return Result(Outcome.UNKNOWN, code=code, detail="The service did not say what became of it.")


def _read_error(response: Response) -> tuple[str, str]:
    """(code, sentence) of an error in whichever of the usual forms; "" and the body where it has none of them."""
    try:
        told = orjson.loads(response.content)
    except ValueError:
        told = None
    forms = [form for form in _forms(told) if isinstance(form, dict)]
    codes = [form[name] for form in forms for name in _CODES if isinstance(form.get(name), str | int)]
    sentences = [form[name] for form in forms for name in _SENTENCES if isinstance(form.get(name), str)]
    return str(next(iter(codes), "")), next(filter(None, sentences), response.text)


def _forms(told: Any) -> list[Any]:
    """An error may stand at the top, in `data` (Postal), or first in a list (SparkPost, Mailjet)."""
    forms = [told]
    for name in ("data", "errors", "Messages", "Errors"):
        inner = forms[-1].get(name) if isinstance(forms[-1], dict) else None
        if inner:
            forms.append(inner[0] if isinstance(inner, list) else inner)
    return forms


def _unknown(error: Exception) -> Result:
    return Result(Outcome.UNKNOWN, detail=_one_line(str(error) or type(error).__name__))


def _one_line(text: str) -> str:
    return encode_subject(text)[:DETAIL_LENGTH]
