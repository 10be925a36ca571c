"""What an operator sets for a Twilio account, and everything that can be wrong with it."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from channels.providers.base import Account
from channels.rendering import CompiledText, compile_text, unknown_placeholders
from contacts.channel import Channel

API_URL = "https://api.twilio.com"
LOOKUPS_URL = "https://lookups.twilio.com"
# Twilio refuses with 20429 what an account sends beyond its number of requests at a time, which is not published; 100
# is what users report. So three worker processes fit. At 50 ms a request 16 came to 283 messages/s, 32 to 478.
DEFAULT_CONCURRENCY = 32
MAX_CONCURRENCY = 64
MAX_VALIDITY_PERIOD_SECONDS = 36_000

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
# https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id: up to 11 characters, one of them a letter.
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}")
_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")


def configuration_faults(configuration: Mapping[str, Any]) -> list[str]:
    """Every fault of the names that mean something; see Twilio's docstring for what they are."""
    faults = [fault for name, (is_right, fault) in _CHECKS.items() if not is_right(configuration.get(name))]
    if configuration.get("from") is None and configuration.get("messagingServiceSid") is None:
        faults.insert(0, "“from” or “messagingServiceSid” is needed: who the messages come from.")
    variables = configuration.get("contentVariables")
    if variables is not None and configuration.get("contentSid") is None:
        faults.append("“contentVariables” are nothing without the “contentSid” of their template.")
    if isinstance(variables, dict):
        faults += _placeholder_faults(variables)
    return faults


def account_faults(account: Account) -> list[str]:
    """What only shows with the account as a whole: its channel and its credentials."""
    faults = []
    sender = account.configuration.get("from")
    if account.channel == Channel.WHATSAPP and sender is not None and not _is_e164(sender):
        faults.append("“from” is the number of a WhatsApp sender: +48123456789.")
    if not _ACCOUNT_SID.fullmatch(account.credentials.get("account_sid", "")):
        faults.append("The account_sid is “AC” and 32 hexadecimal digits.")
    if not account.credentials.get("auth_token"):
        faults.append("There is no auth_token.")
    return faults


def known_names() -> frozenset[str]:
    return frozenset(_CHECKS)


def content_variables(configuration: Mapping[str, Any]) -> dict[str, CompiledText]:
    """The variables of a Content template, ready to be filled; none while they are wrong."""
    texts: Any = configuration.get("contentVariables")
    return {name: compile_text(text) for name, text in texts.items()} if _is_mapping_of_texts(texts) else {}


def _placeholder_faults(variables: Mapping[str, Any]) -> list[str]:
    texts = [text for text in variables.values() if isinstance(text, str)]
    unknown = [placeholder for text in texts for placeholder in unknown_placeholders(text)]
    return [f"“contentVariables”: there is no placeholder {placeholder}." for placeholder in unknown]


def _is_e164(value: Any) -> bool:
    return isinstance(value, str) and _E164.fullmatch(value) is not None


def _is_sender(value: Any) -> bool:
    return isinstance(value, str) and any(pattern.fullmatch(value) for pattern in (_E164, _SHORT_CODE, _ALPHANUMERIC))


def _is_sid(prefix: str) -> Callable[[Any], bool]:
    pattern = re.compile(prefix + r"[0-9a-fA-F]{32}")
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_number(lowest: int, highest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _is_mapping_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_base_url(value: Any) -> bool:
    """A scheme and a host, perhaps a port and a path; nothing that a path could not be added to."""
    if not isinstance(value, str) or re.search(r"[\s?#@\\]", value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _or_absent(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_right(value)


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    name: (_or_absent(is_right), fault)
    for name, is_right, fault in (
        (
            "from",
            _is_sender,
            "“from” is a number (+48123456789), a short code, or a name of up to 11 letters, digits and spaces.",
        ),
        ("messagingServiceSid", _is_sid("MG"), "“messagingServiceSid” is “MG” and 32 hexadecimal digits."),
        ("contentSid", _is_sid("HX"), "“contentSid” is “HX” and 32 hexadecimal digits."),
        (
            "contentVariables",
            _is_mapping_of_texts,
            "“contentVariables” maps a template's variables to texts: {“1”: “${contact:firstName|there}”}.",
        ),
        ("baseUrl", _is_base_url, f"“baseUrl” is an address such as {API_URL}."),
        ("lookupsBaseUrl", _is_base_url, f"“lookupsBaseUrl” is an address such as {LOOKUPS_URL}."),
        (
            "validityPeriodSeconds",
            _is_number(1, MAX_VALIDITY_PERIOD_SECONDS),
            f"“validityPeriodSeconds” is a number from 1 to {MAX_VALIDITY_PERIOD_SECONDS}.",
        ),
        (
            "concurrency",
            _is_number(1, MAX_CONCURRENCY),
            f"“concurrency” is a number from 1 to {MAX_CONCURRENCY}.",
        ),
    )
}
