"""The values that fill the placeholders of a message, for dispatch and for the dry run alike."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from channels.providers.base import Message, Provider
from contacts.addresses import strip_unseen

_CONTACT_FIELDS: Final = {
    "externalId": "external_id",
    "email": "email",
    "phone": "phone",
    "firstName": "first_name",
    "lastName": "last_name",
    "name": "full_name",
    "title": "title",
}
# A call's introduction may be left out.
_OPTIONAL: Final = "intro"


class Reader(Protocol):
    """A contact with the attributes of its send. `external_id` … `title` are those of _CONTACT_FIELDS."""

    @property
    def attributes(self) -> Mapping[str, Any]: ...
    @property
    def embedded_data(self) -> Mapping[str, Any]: ...


def contact_values(reader: Reader, keys: Iterable[str]) -> dict[str, str]:
    """Return the values of those keys that are about the contact, such as `contact:firstName`."""
    return {key: _contact_value(reader, key.removeprefix("contact:")) for key in keys if key.startswith("contact:")}


def missing_values(provider: Provider, message: Message) -> list[str]:
    """Return the keys, in order, that leave a gap in the message as this provider sends it."""
    return [key for key in provider.missing_keys(message) if key != _OPTIONAL]


def as_text(value: Any) -> str:
    """Return a JSON value as people read it: a list as its items, null and objects as nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_text, value)))
    if value is None or isinstance(value, dict):
        return ""
    return str(value)


def _contact_value(reader: Reader, key: str) -> str:
    """Return the value of a key: from this call's attributes, else the contact's embedded data, else its fields."""
    for data in (reader.attributes, reader.embedded_data):
        value = data.get(key)
        if value is not None:
            return _unless_blank(value if isinstance(value, str) else as_text(value))
    field = _CONTACT_FIELDS.get(key)
    return _unless_blank(getattr(reader, field) or "") if field else ""


def _unless_blank(text: str) -> str:
    """Return the text, or "" if it only has blanks and invisible characters: then the placeholder's default counts."""
    return text if strip_unseen(text) else ""
