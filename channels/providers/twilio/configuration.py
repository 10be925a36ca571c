"""What an operator sets for a Twilio account, and everything that can be wrong with it."""

import re
from collections.abc import Mapping
from typing import Any

from channels.providers.base import Account
from channels.providers.configuration import (
    ConfigurationFault,
    Input,
    Setting,
    base_url_faults,
    check_settings,
    is_base_url,
    is_integer,
    matches,
    optional,
)
from channels.rendering import CompiledText, compile_text, unknown_placeholders
from contacts.channel import Channel

API_URL = "https://api.twilio.com"
LOOKUPS_URL = "https://lookups.twilio.com"
# Twilio refuses with 20429 what exceeds an account's number of simultaneous requests. That number is not published;
# users report 100, so three worker processes fit. At 50 ms per request 16 gave 283 messages/s, 32 gave 478.
DEFAULT_CONCURRENCY = 32
MAX_CONCURRENCY = 64
MAX_VALIDITY_PERIOD_SECONDS = 36_000

# The longest text that Twilio takes.
MAX_HELP_TEXT = 1_600
# Characters that XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets).
_NOT_IN_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_E164 = r"\+[1-9][0-9]{6,14}"
_SHORT_CODE = r"[0-9]{3,8}"
# https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id: up to 11 characters, one of them a letter.
_ALPHANUMERIC = r"(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}"
_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_is_e164 = matches(_E164)


def _is_text_mapping(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_help_text(value: Any) -> bool:
    is_text = isinstance(value, str) and len(value.strip()) > 0 and len(value) <= MAX_HELP_TEXT
    return is_text and not _NOT_IN_XML.search(value)


SETTINGS = {
    "from": Setting(
        "Sender",
        "A number in E.164 (+48123456789); for SMS also a short code or a name of at most 11 letters, digits and"
        " spaces. This or the Messaging Service is required.",
        optional(matches(f"{_E164}|{_SHORT_CODE}|{_ALPHANUMERIC}")),
        "“from” must be a number (+48123456789), a short code (12345), or a name of at most 11 letters, digits and"
        " spaces (ACME).",
    ),
    "messagingServiceSid": Setting(
        "Messaging Service",
        "The SID (MG…) of a Messaging Service that chooses the sender.",
        optional(matches(r"MG[0-9a-fA-F]{32}")),
        "“messagingServiceSid” must be “MG” and 32 hexadecimal digits.",
    ),
    "contentSid": Setting(
        "Content template",
        "The SID (HX…) of a Content template that is sent instead of our text. Outside the 24 hours after a person's"
        " last message WhatsApp accepts only templates.",
        optional(matches(r"HX[0-9a-fA-F]{32}")),
        "“contentSid” must be “HX” and 32 hexadecimal digits.",
    ),
    "contentVariables": Setting(
        "Variables of the Content template",
        "Texts by the template's variables, for example 1 = ${contact:firstName|there} and 2 = ${link}.",
        optional(_is_text_mapping),
        "“contentVariables” must map the template's variables to texts, for example"
        " {“1”: “${contact:firstName|there}”}.",
        input=Input.MAPPING,
    ),
    "helpText": Setting(
        "Answer to HELP",
        "Sent once for each HELP, INFO, AIDE and the like. Empty: Twilio answers.",
        optional(_is_help_text),
        f"“helpText” must be a text of 1 to {MAX_HELP_TEXT} characters that Twilio's XML can carry, for example “ACME"
        " surveys. Questions: surveys@acme.example. Reply STOP to get no more.”.",
        input=Input.TEXT,
    ),
    "validityPeriodSeconds": Setting(
        "Validity in seconds",
        f"How long Twilio may queue a message, 1 to {MAX_VALIDITY_PERIOD_SECONDS:,}. Empty: Twilio's own limit.",
        optional(is_integer(1, MAX_VALIDITY_PERIOD_SECONDS)),
        f"“validityPeriodSeconds” must be a whole number from 1 to {MAX_VALIDITY_PERIOD_SECONDS}.",
        input=Input.WHOLE_NUMBER,
    ),
    "concurrency": Setting(
        "Requests at a time",
        f"Of each worker process, 1 to {MAX_CONCURRENCY}; empty: {DEFAULT_CONCURRENCY}.",
        optional(is_integer(1, MAX_CONCURRENCY)),
        f"“concurrency” must be a whole number from 1 to {MAX_CONCURRENCY}.",
        input=Input.WHOLE_NUMBER,
    ),
    "baseUrl": Setting(
        "Base URL",
        f"Another URL of the API, for regions and proxies. Empty: {API_URL}.",
        optional(is_base_url),
        f"“baseUrl” must be a URL, for example {API_URL}.",
    ),
    "lookupsBaseUrl": Setting(
        "Base URL of look-ups",
        f"Another URL of the Lookup API. Empty: {LOOKUPS_URL}.",
        optional(is_base_url),
        f"“lookupsBaseUrl” must be a URL, for example {LOOKUPS_URL}.",
    ),
}


def find_faults(configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
    """Return all faults of known fields."""
    faults = check_settings(SETTINGS, configuration) + base_url_faults(configuration, ("baseUrl", "lookupsBaseUrl"))
    if configuration.get("from") is None and configuration.get("messagingServiceSid") is None:
        message = "“from” or “messagingServiceSid” is required: who the messages come from."
        faults.insert(0, ConfigurationFault("from", message))
    variables = configuration.get("contentVariables")
    if variables is not None and configuration.get("contentSid") is None:
        message = "“contentVariables” requires “contentSid”, the template that has the variables."
        faults.append(ConfigurationFault("contentVariables", message))
    if isinstance(variables, dict):
        faults += _placeholder_faults(variables)
    return faults


def account_faults(account: Account) -> list[str]:
    """Return what is wrong with the account's channel and credentials, in sentences."""
    faults = []
    sender = account.configuration.get("from")
    if account.channel == Channel.WHATSAPP and sender is not None and not _is_e164(sender):
        faults.append("“from” must be the number of a WhatsApp sender, for example +48123456789.")
    if not _ACCOUNT_SID.fullmatch(account.credentials.get("account_sid", "")):
        faults.append("The account_sid must be “AC” and 32 hexadecimal digits.")
    if not account.credentials.get("auth_token"):
        faults.append("The auth_token is missing.")
    return faults


def content_variables(configuration: Mapping[str, Any]) -> dict[str, CompiledText]:
    """Return the variables of a Content template, ready to be filled; none if they are invalid."""
    texts: Any = configuration.get("contentVariables")
    return {name: compile_text(text) for name, text in texts.items()} if _is_text_mapping(texts) else {}


def _placeholder_faults(variables: Mapping[str, Any]) -> list[ConfigurationFault]:
    texts = [text for text in variables.values() if isinstance(text, str)]
    unknown = [placeholder for text in texts for placeholder in unknown_placeholders(text)]
    return [
        ConfigurationFault("contentVariables", f"“contentVariables”: unknown placeholder {placeholder}.")
        for placeholder in unknown
    ]
