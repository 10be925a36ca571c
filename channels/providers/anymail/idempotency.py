"""Idempotency keys: with services that take one, a request whose answer was lost is made again at no risk.

Resend: https://resend.com/docs/dashboard/emails/idempotency-keys – 24 h; the same key gets the same answer, and with
another body the error “invalid_idempotent_request”: an e-mail with this key has been sent.
Brevo: https://developers.brevo.com/docs/heterogenous-versions-batch-emails – 15 to 30 min; a key that was used already
gets the error “duplicate_parameter”, and the request is not processed.
SparkPost: https://github.com/SparkPost/developers.sparkpost.com/pull/590 – 24 h; the same key gets the same answer, and
with another body the error 1600. It does not say whether refusals are kept as well, so 1600 proves nothing.
The documents of the other services of anymail/services.py describe no key for a message (docs/decisions/0033).
"""

import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid5

from channels.providers.anymail.services import KeyPlace, Service
from channels.providers.base import Message, Outcome, Result, Scope
from channels.providers.http_connections import NotSentError

_NAMESPACE: Final = UUID("6d3b7f64-2f0e-4c55-9d0a-0b1f6a5d7c21")
# The first request may still be in progress at the service. The batch's time limit leaves room for one more request.
PAUSE_SECONDS: Final = 1.0
# Answers to a repeated request that are also the answers to the first one.
_ABOUT_MESSAGE: Final = (Scope.RECIPIENT, Scope.CONTENT)


def put_key(service: Service, payload: Any, message: Message) -> None:
    """Put the attempt's key into Anymail's payload, if the service takes one."""
    key = f"{message.installation_id}/{message.attempt_id}"
    if service.key_place is KeyPlace.HTTP_HEADER:
        payload.headers["Idempotency-Key"] = key
    elif service.key_place is KeyPlace.PLAIN_HTTP_HEADER:
        payload.headers["Idempotency-Key"] = key.replace("/", ".")
    elif service.key_place is KeyPlace.MESSAGE_HEADER:
        payload.data["headers"]["idempotencyKey"] = str(uuid5(_NAMESPACE, key))


def send_with_key(service: Service, send_once: Callable[[], Result]) -> Result:
    """Send, and ask once more with the same key if the answer is lost.

    Raises what `send_once` raises. NotSentError means that no request arrived; after any other error, and after
    UNKNOWN, the service may have taken the message.
    """
    try:
        first = send_once()
    except NotSentError:
        raise
    except Exception:
        if service.key_place is None:
            raise
    else:
        if service.key_place is None or first.outcome is not Outcome.UNKNOWN:
            return _read_taken(service, first)
    time.sleep(PAUSE_SECONDS)
    try:
        second = send_once()
    except NotSentError as error:
        raise ConnectionError(f"The answer was lost, and then: {error}") from error
    second = _read_taken(service, second)
    if second.outcome is Outcome.ACCEPTED or (second.outcome is Outcome.PERMANENT and second.scope in _ABOUT_MESSAGE):
        return second
    # This request was turned away, which tells nothing of the first.
    return Result(Outcome.UNKNOWN, code=second.code, detail=second.detail, scope=second.scope)


def _read_taken(service: Service, result: Result) -> Result:
    """Return a success if the service refused the key because it took a message with it, perhaps in an earlier call."""
    if result.outcome is not Outcome.ACCEPTED and result.code in service.taken_codes:
        return Result(Outcome.ACCEPTED, code=result.code, detail="The service has taken the message before.")
    return result
