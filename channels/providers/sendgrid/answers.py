"""Classifies SendGrid's answers: what they mean for the messages of a request.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors. A 400 refuses the whole request, whichever message
caused it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import orjson

from channels.providers.base import DETAIL_LENGTH, MESSAGE_ID_LENGTH, Outcome, Result, Scope, one_line
from channels.rendering import encode_subject

# The longest pause, in case a broken clock or header asks for more.
PAUSE_MAX_SECONDS = 3_600.0

_PERSONALIZATION = re.compile(r"personalizations\.(\d{1,4})(?:\.(.*))?")
# Fields that all messages of a request share: splitting the request would not help.
_IN_COMMON = ("from", "reply_to", "content", "tracking_settings")
# Statuses about the URL, the key or the plan, not about the messages.
_ACCOUNT_STATUSES = frozenset({401, 402, 403, 404, 405, 407})


class AnswerLostError(Exception):
    """The request may have arrived, but its answer was lost."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one request.

    `result` is the result of each of its messages; with `ends_batch` all other messages would get the same now.
    Without a result, the `culprits` (by position) are refused and the others must be sent again: in two halves if no
    culprit is known.
    """

    result: Result | None = None
    ends_batch: bool = False
    culprits: Mapping[int, Result] = field(default_factory=dict)


def judge(answer: Answer, size: int, now: float) -> Verdict:
    """Classify the answer to a request of `size` messages. `now` is Unix time."""
    status = answer.status
    errors = _read_errors(answer.body)
    code, detail = str(status), _describe(errors, answer)
    if status == 202:
        identity = encode_subject(answer.headers.get("x-message-id", ""))[:MESSAGE_ID_LENGTH]
        return Verdict(Result(Outcome.ACCEPTED, identity, code))
    if status == 429:
        pause = _pause_seconds(answer.headers, now)
        result = Result(Outcome.THROTTLED, code=code, detail=detail, scope=Scope.ACCOUNT, retry_after_seconds=pause)
        return Verdict(result, ends_batch=True)
    if status in (400, 413):
        return _judge_refusal(errors, size, code, detail)
    if status == 403 and _is_about_sender(errors):
        return Verdict(Result(Outcome.PERMANENT, code=code, detail=detail, scope=Scope.SENDER))
    if status in _ACCOUNT_STATUSES or 300 <= status < 400:
        return Verdict(Result(Outcome.PERMANENT, code=code, detail=detail, scope=Scope.ACCOUNT), ends_batch=True)
    if status in (408, 425, 503):
        # 408 and 425: the request did not arrive whole, or too early (RFC 9110 §15.5.9, RFC 8470 §5.2).
        result = Result(Outcome.TRANSIENT, code=code, detail=detail, scope=Scope.ACCOUNT)
        return Verdict(result, ends_batch=status == 503)
    if 400 <= status < 500:
        return Verdict(Result(Outcome.PERMANENT, code=code, detail=detail, scope=Scope.CONTENT))
    return Verdict(Result(Outcome.UNKNOWN, code=code, detail=detail, scope=Scope.ACCOUNT))


def _judge_refusal(errors: list[tuple[str, str]], size: int, code: str, detail: str) -> Verdict:
    """Find the messages that a 400 or 413 is about, if its errors name a field."""
    culprits = {}
    for field_name, message in errors:
        match = _PERSONALIZATION.fullmatch(field_name)
        if match and int(match[1]) < size:
            scope = _scope_of(match[2] or "")
            culprits[int(match[1])] = Result(Outcome.PERMANENT, code=code, detail=message, scope=scope)
    if culprits:
        return Verdict(culprits=culprits)
    is_common = bool(errors) and all(field_name.startswith(_IN_COMMON) for field_name, _ in errors)
    if size > 1 and not is_common:
        return Verdict()
    scope = _scope_of(errors[0][0]) if errors else Scope.CONTENT
    return Verdict(Result(Outcome.PERMANENT, code=code, detail=detail, scope=scope))


def _scope_of(field_name: str) -> Scope:
    """Return what a field is about, for example “to.0.email”, “from.email” or “subject”."""
    first = field_name.partition(".")[0]
    if first == "to":
        return Scope.RECIPIENT
    return Scope.SENDER if first in ("from", "reply_to") else Scope.CONTENT


def _is_about_sender(errors: list[tuple[str, str]]) -> bool:
    return any(
        _scope_of(field_name) is Scope.SENDER or "verified sender identity" in message.lower()
        for field_name, message in errors
    )


def _read_errors(body: bytes) -> list[tuple[str, str]]:
    """Return (field, message) of each error in `{"errors": [{"message", "field", "help"}]}`; [] for any other body."""
    try:
        parsed: Any = orjson.loads(body)
    except ValueError:
        return []
    errors = parsed.get("errors") if isinstance(parsed, dict) else None
    return [
        (str(error.get("field") or ""), one_line(str(error.get("message") or "")))
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
    ]


def _describe(errors: list[tuple[str, str]], answer: Answer) -> str:
    text = " ".join(message for _, message in errors) or answer.body[:DETAIL_LENGTH].decode("utf-8", "replace")
    return one_line(text)


def _pause_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Return the pause that the headers ask for.

    X-RateLimit-Reset is Unix time by SendGrid's clock, which Date shows. Retry-After is seconds or a date.
    """
    server_now = _unix_time(headers.get("date", "")) or now
    reset = _number(headers.get("x-ratelimit-reset", ""))
    if reset is not None and reset >= server_now:
        return min(reset - server_now, PAUSE_MAX_SECONDS)
    seconds = _number(headers.get("retry-after", ""))
    if seconds is None and (moment := _unix_time(headers.get("retry-after", ""))):
        seconds = moment - server_now
    return None if seconds is None else min(max(seconds, 0.0), PAUSE_MAX_SECONDS)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _unix_time(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
