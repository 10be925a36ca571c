"""Classifies an SMTP server's replies and the errors of connecting to it (RFC 5321)."""

import smtplib

from channels.providers.base import Outcome, Result, Scope, describe_error, one_line

# At any stage these codes are about our login, not about a recipient (RFC 4954 §6).
_LOGIN_CODES = frozenset({530, 534, 535, 538})


def decode_reply(reply: bytes) -> str:
    return one_line(reply.decode("utf-8", "replace"))


def read_refusal(code: int, reply: bytes, scope: Scope) -> Result:
    """Classify a reply that is no success: 421 is “too much”, 4xx “not now”, 5xx “never” (RFC 5321 §4.2.1)."""
    detail = decode_reply(reply)
    if code == 421:
        return Result(Outcome.THROTTLED, code="421", detail=detail)
    if 500 <= code < 600:
        scope = Scope.ACCOUNT if code in _LOGIN_CODES else scope
        return Result(Outcome.PERMANENT, code=str(code), detail=detail, scope=scope)
    return Result(Outcome.TRANSIENT, code=str(code), detail=detail)


def read_connection_error(error: Exception) -> Result:
    """Classify why there is no connection: the server's reply, a login that cannot work, or the network."""
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return read_refusal(error.smtp_code, reply if isinstance(reply, bytes) else reply.encode(), Scope.ACCOUNT)
    detail = describe_error(error)
    # smtplib's other errors: the server has no STARTTLS, or no login method that smtplib supports.
    is_lost = isinstance(error, smtplib.SMTPServerDisconnected)
    if isinstance(error, UnicodeError) or (isinstance(error, smtplib.SMTPException) and not is_lost):
        return Result(Outcome.PERMANENT, detail=detail, scope=Scope.ACCOUNT)
    return Result(Outcome.TRANSIENT, detail=detail)
