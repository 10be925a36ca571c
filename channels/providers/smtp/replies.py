"""Classifies an SMTP server's replies and the errors of connecting to it (RFC 5321, enhanced codes: RFC 3463).

The second number of an enhanced code says what a reply is about: x.1 address, x.2 mailbox, x.3 and x.4 systems and
routing, x.5 protocol, x.7 policy. Without one, the words decide (smtp/words.py). Replies of Postfix, Exim, Gmail,
Microsoft 365, Yahoo, Amazon SES and others are in tests/channels/smtp/reply_table.py, with what they mean here.
"""

import re
import smtplib
from dataclasses import replace
from enum import StrEnum

from channels.providers.base import Outcome, Result, Scope, describe_error, one_line
from channels.providers.egress import AddressRefusedError
from channels.providers.smtp import words

# At any stage these codes are about our login, not about a recipient (RFC 4954 §6).
_LOGIN_CODES = frozenset({530, 534, 535, 538})
# The recipient's address does not exist, or can never exist (RFC 3463 §3.2, RFC 7505): a hard bounce.
_NO_SUCH_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
_DAILY_LIMIT = "5.4.5"  # Gmail's
# Of the address codes these are about the sender.
_SENDER_CODES = frozenset({"1.7", "1.8"})
# “Too many recipients” for us means: on this connection (RFC 5321 §4.5.3.1.10).
CONNECTION_IS_FULL = "4.5.3"
HOUR_SECONDS = 3_600.0

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")


class Stage(StrEnum):
    """What the server replied to. CONNECT is everything before MAIL: the greeting, EHLO, STARTTLS and the login."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # the command
    CONTENT = "content"  # what follows it


_SCOPES = {
    Stage.CONNECT: Scope.ACCOUNT,
    Stage.MAIL: Scope.SENDER,
    Stage.RCPT: Scope.RECIPIENT,
    Stage.DATA: Scope.CONTENT,
    Stage.CONTENT: Scope.CONTENT,
}
# Stages at which nothing of one recipient has been said yet, so a passing fault is everybody's.
_BEFORE_RECIPIENT = frozenset({Stage.CONNECT, Stage.MAIL})


def decode_reply(reply: bytes) -> str:
    return one_line(reply.decode("utf-8", "replace"))


def read_refusal(code: int, reply: bytes, stage: Stage) -> Result:
    """Classify a reply that is no success."""
    detail = decode_reply(reply)
    found = _ENHANCED.match(detail)
    enhanced = found[0] if found else ""
    judge = _judge_permanent if 500 <= code < 600 else _judge_passing
    return replace(judge(code, enhanced, detail, stage), code=str(code), detail=detail)


def is_connection_full(result: Result) -> bool:
    """Return whether the server takes no more recipients on this connection."""
    return result.detail.startswith(CONNECTION_IS_FULL)


def read_connection_error(error: Exception) -> Result:
    """Classify why there is no connection: the server's reply, a login that cannot work, or the network."""
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return read_refusal(error.smtp_code, reply if isinstance(reply, bytes) else reply.encode(), Stage.CONNECT)
    detail = describe_error(error)
    # smtplib's other errors: the server has no STARTTLS, or no login method that smtplib supports.
    is_lost = isinstance(error, smtplib.SMTPServerDisconnected)
    is_incapable = isinstance(error, smtplib.SMTPException) and not is_lost
    if is_incapable or isinstance(error, UnicodeError | AddressRefusedError):
        return Result(Outcome.PERMANENT, detail=detail, scope=Scope.ACCOUNT)
    return Result(Outcome.TRANSIENT, detail=detail, scope=Scope.ROUTE)


def _judge_passing(code: int, enhanced: str, detail: str, stage: Stage) -> Result:
    """Judge “not now” (4xx), and anything that is no SMTP reply."""
    subject = enhanced.partition(".")[2]
    if subject in _SENDER_CODES:
        return Result(Outcome.TRANSIENT, scope=Scope.SENDER)
    # 421 closes the connection, so it is never about a recipient alone (RFC 5321 §3.8).
    if code != 421 and stage not in _BEFORE_RECIPIENT and _is_about_recipient(subject, detail):
        return Result(Outcome.TRANSIENT, scope=Scope.RECIPIENT)
    if words.names_daily_quota(detail):
        return Result(Outcome.THROTTLED, scope=Scope.ACCOUNT, retry_after_seconds=HOUR_SECONDS)
    if code in (421, 432) or subject == "3.2" or words.names_pace(detail):
        return Result(Outcome.THROTTLED, scope=Scope.ACCOUNT)
    if stage in _BEFORE_RECIPIENT:
        is_pace = subject.startswith("7.") and code != 454 and not words.names_login(detail)
        return Result(Outcome.THROTTLED if is_pace else Outcome.TRANSIENT, scope=Scope.ACCOUNT)
    return Result(Outcome.TRANSIENT, scope=_SCOPES[stage], is_suspect=True)


def _is_about_recipient(subject: str, detail: str) -> bool:
    if words.names_one_recipient(detail):
        return True
    if words.names_our_limit(detail):
        return False
    return subject.startswith(("1.", "2.")) or (not subject and words.names_mailbox(detail))


def _judge_permanent(code: int, enhanced: str, detail: str, stage: Stage) -> Result:
    """Judge “never” (5xx)."""
    subject = enhanced.partition(".")[2]
    if code in _LOGIN_CODES or (stage in _BEFORE_RECIPIENT and words.names_login(detail)):
        return Result(Outcome.PERMANENT, scope=Scope.ACCOUNT)
    if subject in _SENDER_CODES or words.names_unverified_sender(detail):
        return Result(Outcome.PERMANENT, scope=Scope.SENDER)
    if stage is Stage.RCPT and (enhanced in _NO_SUCH_ADDRESS or (not subject and words.names_no_such_user(detail))):
        return Result(Outcome.PERMANENT, scope=Scope.RECIPIENT, is_bad_address=True)
    if subject.startswith("2.") and stage not in _BEFORE_RECIPIENT:
        return Result(Outcome.PERMANENT, scope=Scope.RECIPIENT)
    if enhanced == _DAILY_LIMIT or words.names_daily_quota(detail):
        return Result(Outcome.THROTTLED, scope=Scope.ACCOUNT, until_next_day=True)
    is_about_us = words.names_our_access(detail) or (stage is Stage.RCPT and words.names_login(detail))
    if stage is Stage.MAIL and is_about_us:
        return Result(Outcome.PERMANENT, scope=Scope.ACCOUNT)
    is_suspect = (stage is Stage.RCPT and (subject.startswith("7.") or (not subject and is_about_us))) or (
        stage in (Stage.DATA, Stage.CONTENT) and is_about_us
    )
    return Result(Outcome.PERMANENT, scope=_SCOPES[stage], is_suspect=is_suspect)
