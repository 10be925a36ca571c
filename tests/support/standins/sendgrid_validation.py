"""The errors that SendGrid's mail/send reports for a body, in its words.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors
"""

import re
from collections.abc import Iterator
from typing import Any

RECIPIENTS_MAX = 1_000
SUBSTITUTIONS_MAX_BYTES = 10_000
CUSTOM_ARGS_MAX_BYTES = 10_000

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;.]+(\.[^@\s<>,;.]+)+")
_RESERVED_HEADERS = frozenset(
    {
        "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
        "subject", "reply-to", "cc", "bcc",
    }
)  # fmt: skip

Fault = tuple[str, str | None]


def find_faults(body: Any) -> list[Fault]:
    """Return message and field of each error, in the order of the body's fields."""
    if not isinstance(body, dict):
        return [("Bad Request", None)]
    return [*_in_personalizations(body.get("personalizations"), bool(body.get("subject"))), *_in_common(body)]


def _in_common(body: dict[str, Any]) -> Iterator[Fault]:
    sender, reply_to = body.get("from"), body.get("reply_to")
    if not isinstance(sender, dict):
        yield "The from object must be provided for every email send.", "from.email"
    elif not _is_address(sender.get("email")):
        yield "The from email does not contain a valid address.", "from.email"
    if reply_to is not None and not _is_address(reply_to.get("email")):
        yield "The reply_to email does not contain a valid address.", "reply_to.email"
    contents = body.get("content")
    if not isinstance(contents, list) or not contents:
        yield "Unless a valid template_id is provided, the content parameter is required.", "content"
        return
    for number, content in enumerate(contents):
        if not isinstance(content.get("value"), str) or not content["value"]:
            yield (
                "The content value must be a string at least one character in length.",
                f"content.{number}.value",
            )
    if [content["type"] for content in contents] not in (["text/plain"], ["text/html"], ["text/plain", "text/html"]):
        yield (
            "If present, text/plain and text/html may only be provided once. text/plain must come first.",
            "content",
        )


def _in_personalizations(personalizations: Any, has_common_subject: bool) -> Iterator[Fault]:
    if not isinstance(personalizations, list) or not personalizations:
        yield "The personalizations field is required and must have at least one personalization.", "personalizations"
        return
    if len(personalizations) > RECIPIENTS_MAX:
        yield (
            f"The personalization block is limited to 1000 personalizations. You provided {len(personalizations)}.",
            "personalizations",
        )
    for number, personalization in enumerate(personalizations):
        for message, field in _in_personalization(personalization, has_common_subject):
            yield message, f"personalizations.{number}.{field}" if field else f"personalizations.{number}"


def _in_personalization(personalization: dict[str, Any], has_common_subject: bool) -> Iterator[Fault]:
    recipients = personalization.get("to")
    if not isinstance(recipients, list) or not recipients:
        yield "The to array is required for all personalization objects, and must have at least one email.", "to"
        return
    addresses = [recipient.get("email") for recipient in recipients]
    for number, address in enumerate(addresses):
        if not _is_address(address):
            yield "Does not contain a valid address.", f"to.{number}.email"
    if len(set(addresses)) < len(addresses):
        yield "Each email address in the personalization block should be unique between to, cc, and bcc.", ""
    if not (personalization.get("subject") or has_common_subject):
        yield "The subject is required.", "subject"
    for name, value in personalization.get("headers", {}).items():
        if name.lower() in _RESERVED_HEADERS:
            yield f"The header {name} is reserved and may not be set.", "headers"
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            yield "Header values must be strings of one line.", "headers"
    for name, limit in (("substitutions", SUBSTITUTIONS_MAX_BYTES), ("custom_args", CUSTOM_ARGS_MAX_BYTES)):
        given = personalization.get(name, {})
        if not all(isinstance(value, str) for value in given.values()):
            yield f"The {name} values must be strings.", name
        elif sum(len((key + value).encode()) for key, value in given.items()) > limit:
            yield f"The total size of your {name} may not exceed {limit} bytes.", name


def _is_address(address: Any) -> bool:
    return isinstance(address, str) and len(address) <= 254 and _ADDRESS.fullmatch(address) is not None
