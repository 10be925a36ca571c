"""What SendGrid's answers mean for the messages of a request.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors; a 400 refuses the whole request, whoever caused it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import orjson

from channels.providers.base import Outcome, Result, Scope
from channels.rendering import encode_subject

DETAIL_LENGTH = 500
MESSAGE_ID_LENGTH = 255
# A pause that a broken clock or header asks for must not last for ever.
PAUSE_MAX_SECONDS = 3_600.0

_PERSONALIZATION = re.compile(r"personalizations\.(\d{1,4})(?:\.(.*))?")
# What all messages of a request have in common: where the fault lies there, no half of them is better.
_IN_COMMON = ("from", "reply_to", "content", "tracking_settings")
# Said of the address that is called, the key or the plan: nothing about these messages.
_ACCOUNT_STATUSES = frozenset({401, 402, 403, 404, 405, 407})


class AnswerLostError(Exception):
    """The request may have arrived; its answer did not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a request came to.

    `result` is that of each of its messages; with `ends_batch`, no other message would fare better now. Without a
    result, `culprits` (by position) are refused and the others are to be sent again: in halves when no culprit is
    known.
    """

    result: Result | None = None
    ends_batch: bool = False
    culprits: Mapping[int, Result] = field(default_factory=dict)


def judge(answer: Answer, size: int, now: float) -> Verdict:
    """The verdict on a request of `size` messages; `now` is Unix time."""
    status = answer.status
    errors = _read_errors(answer.body)
    code, detail = str(status), _describe(errors, answer)
    if status == 202:
        identity = encode_subject(answer.headers.get("x-message-id", ""))[:MESSAGE_ID_LENGTH]
        return Verdict(Result(Outcome.ACCEPTED, identity, code))
    if status == 429:
        pause = _pause_seconds(answer.headers, now)
        return Verdict(Result(Outcome.THROTTLED, code=code, detail=detail, retry_after_seconds=pause), ends_batch=True)
    if status in (400, 413):
        return _judge_refusal(errors, size, code, detail)
    if status == 403 and _is_about_sender(errors):
        return Verdict(Result(Outcome.PERMANENT, code=code, detail=detail, scope=Scope.SENDER))
    if status in _ACCOUNT_STATUSES or 300 <= status < 400:
        return Verdict(Result(Outcome.PERMANENT, code=code, detail=detail, scope=Scope.ACCOUNT), ends_batch=True)
    if status == 408:  # it did not wait for the whole request (RFC 9110 §15.5.9)
        return Verdict(Result(Outcome.TRANSIENT, code=code, detail=detail))
    if status == 503:
        return Verdict(Result(Outcome.TRANSIENT, code=code, detail=detail), ends_batch=True)
    if 400 <= status < 500:
        return Verdict(Result(Outcome.PERMANENT, code=code, detail=detail, scope=Scope.CONTENT))
    return Verdict(Result(Outcome.UNKNOWN, code=code, detail=detail))


def _judge_refusal(errors: list[tuple[str, str]], size: int, code: str, detail: str) -> Verdict:
    """400 and 413: find whom it is about, as far as the errors name a field."""
    culprits = {}
    for field_name, message in errors:
        named = _PERSONALIZATION.fullmatch(field_name)
        if named and int(named[1]) < size:
            scope = _scope_of(named[2] or "")
            culprits[int(named[1])] = Result(Outcome.PERMANENT, code=code, detail=message, scope=scope)
    if culprits:
        return Verdict(culprits=culprits)
    is_common = bool(errors) and all(field_name.startswith(_IN_COMMON) for field_name, _ in errors)
    if size > 1 and not is_common:
        return Verdict()
    scope = _scope_of(errors[0][0]) if errors else Scope.CONTENT
    return Verdict(Result(Outcome.PERMANENT, code=code, detail=detail, scope=scope))


def _scope_of(field_name: str) -> Scope:
    """What a field is about: “to.0.email”, “from.email”, “subject”…"""
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
    """(field, message) of `{"errors": [{"message", "field", "help"}]}`; nothing of anything else."""
    try:
        parsed: Any = orjson.loads(body)
    except ValueError:
        return []
    listed = parsed.get("errors") if isinstance(parsed, dict) else None
    return [
        (str(error.get("field") or ""), encode_subject(str(error.get("message") or ""))[:DETAIL_LENGTH])
        for error in (listed if isinstance(listed, list) else [])
        if isinstance(error, dict)
    ]


def _describe(errors: list[tuple[str, str]], answer: Answer) -> str:
    text = " ".join(message for _, message in errors) or answer.body[:DETAIL_LENGTH].decode("utf-8", "replace")
    return encode_subject(text)[:DETAIL_LENGTH]


def _pause_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """X-RateLimit-Reset is Unix time by SendGrid's clock, which Date tells; Retry-After is seconds or a date."""
    its_now = _unix_time(headers.get("date", "")) or now
    reset = _number(headers.get("x-ratelimit-reset", ""))
    if reset is not None and reset >= its_now:
        return min(reset - its_now, PAUSE_MAX_SECONDS)
    seconds = _number(headers.get("retry-after", ""))
    if seconds is None and (moment := _unix_time(headers.get("retry-after", ""))):
        seconds = moment - its_now
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
