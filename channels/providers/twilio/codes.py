"""The meanings of Twilio's error codes (https://www.twilio.com/docs/api/errors): a table, and a rule for all others."""

from dataclasses import dataclass

from channels.providers.base import Outcome, Scope


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of an error for a message. `retry_after_seconds` applies if the answer asks for no pause."""

    outcome: Outcome
    scope: Scope | None = None
    opted_out: bool = False
    retry_after_seconds: float | None = None


_OPTED_OUT = Meaning(Outcome.PERMANENT, Scope.RECIPIENT, opted_out=True)
_RECIPIENT = Meaning(Outcome.PERMANENT, Scope.RECIPIENT)
_CONTENT = Meaning(Outcome.PERMANENT, Scope.CONTENT)
_SENDER = Meaning(Outcome.PERMANENT, Scope.SENDER)
_ACCOUNT = Meaning(Outcome.PERMANENT, Scope.ACCOUNT)
_THROTTLED = Meaning(Outcome.THROTTLED, Scope.ACCOUNT)
# A daily limit: retrying every few seconds would be useless.
_DAY_IS_FULL = Meaning(Outcome.THROTTLED, Scope.ACCOUNT, retry_after_seconds=3_600.0)
_TRANSIENT = Meaning(Outcome.TRANSIENT, Scope.RECIPIENT)
# Twilio's own trouble, whoever the recipient is.
_BUSY = Meaning(Outcome.TRANSIENT, Scope.ACCOUNT)
_UNKNOWN = Meaning(Outcome.UNKNOWN, Scope.ACCOUNT)

_GROUPS = (
    # 63014: the person has blocked us on WhatsApp (https://www.twilio.com/docs/api/errors/63014).
    (_OPTED_OUT, (21610, 63014)),
    # 21408: the account may not send to this number's country, but it may send to others.
    (_RECIPIENT, (21211, 21408, 21614, 30005, 30006, 63003, 63024)),
    # 30004: this message was blocked, by the carrier or on the phone; the next one may pass
    # (https://www.twilio.com/docs/api/errors/30004). 63032 and 63049: WhatsApp did not deliver it because of an
    # experiment or a limit of its own (https://www.twilio.com/docs/api/errors/63049). None closes the number.
    (_CONTENT, (30004, 63032, 63049)),
    (_CONTENT, (21602, 21617, 21654, 21655, 21656, 30007, 63013, 63016, 63021, 63027, 63028)),
    # 21609: Twilio cannot call our public URL back.
    (_ACCOUNT, (20003, 20005, 21609, 30002, 63051)),
    (
        _SENDER,
        (
            *(21212, 21603, 21606, 21701, 21703, 21704, 21705, 30032, 30034, 35114, 35118),
            *(63007, 63041, 63042),
        ),
    ),
    (_THROTTLED, (20429, 21611, 30001, 30022, 63017, 63018)),
    (_DAY_IS_FULL, (30023, 30027, 63038)),
    (_TRANSIENT, (21730, 30003, 30008, 30017, 30036, 30410, 30450, 63009, 63010, 63012)),
)
CODES = {code: meaning for meaning, codes in _GROUPS for code in codes}

# By HTTP status, for unknown codes. 5xx: the message may have been created before the error, except with 503. 401 to
# 407 and 3xx: the credentials or the base URL are wrong, for all messages.
_STATUSES = {
    **dict.fromkeys((401, 403, 404, 405, 407), _ACCOUNT),
    # The request did not arrive whole, or too early in the connection (RFC 9110 §15.5.9, RFC 8470 §5.2).
    **dict.fromkeys((408, 425), _BUSY),
    429: _THROTTLED,
    503: _BUSY,
}


def read_refusal(status: int, code: int | None) -> Meaning:
    """Classify an answer that is no 2xx. `code` is Twilio's own; None if the body had none."""
    if status >= 500:
        return _STATUSES.get(status, _UNKNOWN)
    known = None if code is None else CODES.get(code)
    if known is not None and (status != 429 or known.outcome is Outcome.THROTTLED):
        return known
    if status < 400:
        return _ACCOUNT
    # An unknown 4xx: the same message would be refused again, but that is no reason to suppress the number.
    return _STATUSES.get(status, _CONTENT)
