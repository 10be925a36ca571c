"""Piped text as published clients write it, and as our templates do (channels/placeholders.py)."""

import re
from html import escape
from typing import Final
from urllib.parse import unquote

_LINKS: Final = {"Survey": "link", "OptOut": "unsubscribe"}
_FIELDS: Final = {
    "FirstName": "firstName",
    "LastName": "lastName",
    "Email": "email",
    "Phone": "phone",
    "ExternalDataReference": "externalId",
}
_FIELD_ALIASES: Final = {"Email1": "Email", "ExtRef": "ExternalDataReference"}
_THEIRS: Final = re.compile(
    r"\$\{(?:l://(?P<address>Survey|OptOut)(?:URL|Link(?:\?d=(?P<text>[^{}]*))?)"
    r"|m://(?P<field>\w+)|e://Field/(?P<data>[^\s|{}][^|{}]*))\}"
)
_OURS: Final = re.compile(r"\$\{(?P<link>link|unsubscribe)\}|\$\{contact:(?P<key>[^\s|{}][^|{}]*)\}")
_ADDRESSES: Final = {key: f"${{l://{name}URL}}" for name, key in _LINKS.items()}
_FIELDS_BY_KEY: Final = {key: name for name, key in _FIELDS.items()}
# Contact fields that published piped text has no name for.
_OWN: Final = ("name", "title")


def to_placeholders(text: str, *, is_html: bool) -> str:
    """Return a text with our placeholders: `${m://FirstName}` becomes `${contact:firstName}`.

    `${l://SurveyLink?d=Answer}` becomes a link in HTML and the bare address elsewhere. What is unknown stays.
    """
    return _THEIRS.sub(lambda found: _placeholder(found, is_html=is_html), text)


def from_placeholders(text: str) -> str:
    """Return a text as published clients write it. Placeholders with a default, which they lack, stay ours."""
    return _OURS.sub(_piped_text, text)


def _placeholder(found: re.Match[str], *, is_html: bool) -> str:
    if field := found["field"]:
        key = _FIELDS.get(_FIELD_ALIASES.get(field, field))
        return f"${{contact:{key}}}" if key else found[0]
    if data := found["data"]:
        return f"${{contact:{data}}}"
    address = f"${{{_LINKS[found['address']]}}}"
    if not is_html or "URL}" in found[0]:
        return address
    shown = escape(unquote(found["text"] or ""), quote=False) or address
    return f'<a href="{address}">{shown}</a>'


def _piped_text(found: re.Match[str]) -> str:
    if link := found["link"]:
        return _ADDRESSES[link]
    key = found["key"]
    if name := _FIELDS_BY_KEY.get(key):
        return f"${{m://{name}}}"
    return found[0] if key in _OWN else f"${{e://Field/{key}}}"
