"""The values that fill the placeholders of a message, for dispatch and for the dry run alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from channels.placeholders import CONTACT_FIELDS, CONTACT_PREFIX
from channels.providers.base import Message, Provider
from contacts.addresses import strip_unseen
from contacts.models import Contact

# A call's introduction may be left out.
_OPTIONAL: Final = "intro"
_NOTHING: Final[Mapping[str, Any]] = {}


class Reader(Protocol):
    """A contact with the attributes of its send. `external_id` … `title` are those of CONTACT_FIELDS."""

    @property
    def attributes(self) -> Mapping[str, Any]: ...
    @property
    def embedded_data(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class ContactReader:
    """A contact itself as a reader, with the attributes that a call gives for it."""

    contact: Contact
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.contact, name)

    @property
    def embedded_data(self) -> Mapping[str, Any]:
        embedded_data: Mapping[str, Any] = self.contact.embedded_data
        return embedded_data


def contact_values(reader: Reader, keys: Iterable[str], shared: Mapping[str, Any] = _NOTHING) -> dict[str, str]:
    """Return the values of those keys that are about the contact, such as `contact:firstName`.

    `shared` is the distribution's data.
    """
    sources = [data for data in (reader.attributes, shared, reader.embedded_data) if data]
    return {
        key: _contact_value(reader, sources, key.removeprefix(CONTACT_PREFIX))
        for key in keys
        if key.startswith(CONTACT_PREFIX)
    }


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


def _contact_value(reader: Reader, sources: Sequence[Mapping[str, Any]], key: str) -> str:
    """Return the value of a key: the recipient's, else the distribution's, else the contact's data, else its fields."""
    for data in sources:
        value = data.get(key)
        if value is not None:
            return _unless_blank(value if isinstance(value, str) else as_text(value))
    field = CONTACT_FIELDS.get(key)
    return _unless_blank(getattr(reader, field) or "") if field else ""


def _unless_blank(text: str) -> str:
    """Return the text, or "" if it only has blanks and invisible characters: then the placeholder's default counts."""
    return text if text[:1].isalnum() or strip_unseen(text) else ""  # almost every text begins with a letter or digit
