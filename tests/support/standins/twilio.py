"""Imitates Twilio's Messages and Lookup v2 APIs, with their fields, error bodies and signatures."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import phonenumbers
from twilio.request_validator import RequestValidator

from channels.events import Webhook
from channels.segments import segment_text
from tests.support.standins.server import Answer, Fault, Request, StandIn

ACCOUNT_SID = "AC" + "a" * 32
AUTH_TOKEN = "12345"

# Status and message of the error codes that tests use.
_ERRORS = {
    20003: (401, "Authentication Error - invalid username"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service is unavailable. Please try again"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21408: (403, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    63038: (429, "Account exceeded the daily messages limit"),
    21656: (400, "The ContentVariables Parameter is invalid"),
}
_ADDRESS = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}")
_MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
_ACCOUNT = f"/2010-04-01/Accounts/{ACCOUNT_SID}.json"
_LOOKUP = "/v2/PhoneNumbers/"
_FAULT_CODES = {Fault.THROTTLED: 20429, Fault.UNAVAILABLE: 20503, Fault.LOST_ANSWER: 20500}


@dataclass(frozen=True, slots=True)
class Sent:
    """An accepted message, with all fields of the request."""

    sid: str
    form: Mapping[str, str]

    @property
    def to(self) -> str:
        return self.form["To"]

    @property
    def attempt_id(self) -> str:
        return unquote(self.form.get("StatusCallback", "").rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class Known:
    """What Lookup knows about a number beyond the numbering plan."""

    line_type: Mapping[str, Any] | None = None
    line_status: Mapping[str, Any] | None = None


class TwilioStandIn(StandIn):
    """One account, one auth token.

    `codes` are errors by number as it is told (`whatsapp:` included); a suspended account is refused like a wrong
    token. `retry_after` goes with each 429. `seen` are all requests that were read whole, `numbers` what Lookup knows.
    """

    def __init__(self, *, codes: Mapping[str, int] | None = None, retry_after: str = "", **told: Any) -> None:
        super().__init__(**told)
        self.codes = dict(codes or {})
        self.retry_after = retry_after
        self.auth_token = AUTH_TOKEN
        self.is_suspended = False
        self.messages: list[Sent] = []
        self.seen: list[Request] = []
        self.numbers: dict[str, Known] = {}

    @property
    def recipients(self) -> list[str]:
        """The recipients of accepted messages, in order, once for each message."""
        return [sent.to for sent in self.messages]

    def take(self, request: Request) -> Answer:
        self.seen.append(request)
        url = urlsplit(request.path)
        expected = b64encode(f"{ACCOUNT_SID}:{self.auth_token}".encode()).decode()
        if self.is_suspended or request.headers.get("authorization") != f"Basic {expected}":
            return self.refuse(20003)
        if request.method == "POST" and url.path == _MESSAGES:
            form = {name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}
            return self._create(form)
        if request.method == "GET" and url.path.startswith(_LOOKUP):
            return self._look_up(unquote(url.path.removeprefix(_LOOKUP)), parse_qs(url.query).get("Fields", [""])[0])
        if request.method == "GET" and url.path == _ACCOUNT:
            return _as_json(200, {"sid": ACCOUNT_SID, "friendly_name": "ACME", "status": "active", "type": "Full"})
        return self.refuse(20404)

    def word_fault(self, fault: Fault) -> Answer:
        return self.refuse(_FAULT_CODES[fault])

    def refuse(self, code: int) -> Answer:
        """Make an error answer. Unlisted codes are answered 400."""
        status, message = _ERRORS.get(code, (400, f"Error {code}"))
        body = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }
        return _as_json(status, body, {"Retry-After": self.retry_after} if status == 429 and self.retry_after else {})

    def callback(self, sent: Sent, status: str, error_code: str = "", **further: str) -> Webhook:
        """Make a signed status callback to the URL that the message was sent with."""
        form = {
            "SmsSid": sent.sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": sent.to,
            "MessageSid": sent.sid,
            "AccountSid": ACCOUNT_SID,
            "From": sent.form.get("From", "+15005550006"),
            "ApiVersion": "2010-04-01",
            **({"ErrorCode": error_code} if error_code else {}),
            **further,
        }
        return self.signed(sent.form["StatusCallback"], form)

    def inbound(self, url: str, sender: str, body: str, number: int = 1, /, **further: str) -> Webhook:
        """Make a signed webhook for an incoming message, to the URL set for the receiving number."""
        sid = f"SM{number:032x}"
        form = {
            **dict.fromkeys(("ToCountry", "FromCountry"), "US"),
            **dict.fromkeys(("ToState", "ToCity", "ToZip", "FromState", "FromCity", "FromZip"), ""),
            **dict.fromkeys(("SmsMessageSid", "SmsSid", "MessageSid"), sid),
            "SmsStatus": "received",
            "NumMedia": "0",
            "NumSegments": "1",
            "AccountSid": ACCOUNT_SID,
            "ApiVersion": "2010-04-01",
            "To": "+15005550006",
            "From": sender,
            "Body": body,
            **further,
        }
        return self.signed(url, form)

    def signed(self, url: str, form: Mapping[str, str]) -> Webhook:
        """Sign a request with Twilio's own library."""
        signature = RequestValidator(self.auth_token).compute_signature(url, form)
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "x-twilio-signature": signature,
            "i-twilio-idempotency-token": f"{len(self.seen)}",
        }
        return Webhook(url, headers, urlencode(form).encode())

    def _create(self, form: Mapping[str, str]) -> Answer:
        code = self._fault_of(form) or self.codes.get(form["To"])
        if code:
            return self.refuse(code)
        sent = Sent(f"SM{len(self.messages) + 1:032x}", form)
        self.messages.append(sent)
        return _as_json(201, _resource(sent))

    def _fault_of(self, form: Mapping[str, str]) -> int | None:
        """Return the first error in a request. Twilio's published schema does not detect these."""
        callback = form.get("StatusCallback")
        has_content = "ContentSid" in form
        variables = form.get("ContentVariables", "{}")
        for is_wrong, code in (
            (not form.get("To"), 21604),
            (not _ADDRESS.fullmatch(form.get("To", "")), 21211),
            (not form.get("From") and not form.get("MessagingServiceSid"), 21603),
            (not has_content and not form.get("Body"), 21602),
            (len(form.get("Body", "")) > 1600, 21617),
            (not _is_object(variables), 21656),
            (callback is not None and not _is_public(callback), 21609),
        ):
            if is_wrong:
                return code
        return None

    def _look_up(self, number: str, fields: str) -> Answer:
        try:
            parsed = phonenumbers.parse(number, "US")
        except phonenumbers.NumberParseException:
            return self.refuse(20404)
        valid, known = phonenumbers.is_valid_number(parsed), self.numbers.get(number, Known())
        reason = phonenumbers.is_possible_number_with_reason(parsed)
        body = dict.fromkeys(_LOOKUP_FIELDS) | {
            "calling_country_code": str(parsed.country_code) if valid else None,
            "country_code": phonenumbers.region_code_for_number(parsed) if valid else None,
            "phone_number": number,
            "valid": valid,
            "validation_errors": [] if valid else [_REASONS.get(reason, "INVALID_BUT_POSSIBLE")],
            "line_type_intelligence": known.line_type if "line_type_intelligence" in fields.split(",") else None,
            "line_status": known.line_status if "line_status" in fields.split(",") else None,
            "url": f"https://lookups.twilio.com{_LOOKUP}{number}",
        }
        return _as_json(200, body)


_LOOKUP_FIELDS = (
    "calling_country_code", "country_code", "phone_number", "national_format", "valid", "validation_errors",
    "caller_name", "sim_swap", "call_forwarding", "line_status", "line_type_intelligence", "identity_match",
    "reassigned_number", "sms_pumping_risk", "phone_number_quality_score", "pre_fill", "url",
)  # fmt: skip
_REASONS = {
    phonenumbers.ValidationResult.TOO_LONG: "TOO_LONG",
    phonenumbers.ValidationResult.TOO_SHORT: "TOO_SHORT",
    phonenumbers.ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
}


def _resource(sent: Sent) -> dict[str, Any]:
    """The message in the 201 answer. With a Messaging Service, the sender is not chosen yet."""
    by_service, now = "MessagingServiceSid" in sent.form, format_datetime(datetime.now(UTC))
    uri = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sent.sid}"
    body = sent.form.get("Body", "")
    return {
        "account_sid": ACCOUNT_SID,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": now,
        "date_sent": None,
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": sent.form.get("From"),
        "messaging_service_sid": sent.form.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": "0" if by_service else str(segment_text(body).segments),
        "price": None,
        "price_unit": None,
        "sid": sent.sid,
        "status": "accepted" if by_service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": sent.to,
        "uri": f"{uri}.json",
    }


def _as_json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except json.JSONDecodeError:
        return False


def _is_public(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return url.startswith(("https://", "http://")) and "." in host and "_" not in host and len(url) <= 4000
